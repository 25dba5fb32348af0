import tensorflow as tf

x = tf.Variable([1.0, 2.0, 3.0, 4.0])
with tf.GradientTape() as tape:
    y = tf.tensordot(x, x, axes=0)
v = tf.ones_like(y)
r = tape.gradient(y, x, output_gradients=v)
print(r)
