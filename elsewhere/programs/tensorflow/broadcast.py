import tensorflow as tf

x = tf.Variable([1.0, 3.0, 6.0])
with tf.GradientTape() as tape:
    y = x**2
v = tf.ones(1)
r = tape.gradient(y, x, output_gradients=v)
print(r)
