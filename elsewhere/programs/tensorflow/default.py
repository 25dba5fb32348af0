import tensorflow as tf

x = tf.Variable([1.0, 3.0, 6.0])
with tf.GradientTape() as tape:
    y = tf.stack([x[0] * x[1], x[2] ** 2])
r = tape.gradient(y, x)
print(r)
