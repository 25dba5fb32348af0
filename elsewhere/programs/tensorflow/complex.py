import tensorflow as tf

z = tf.Variable([1 + 2j])
with tf.GradientTape() as tape:
    y = z**2
v = tf.constant([1 + 1j], dtype=y.dtype)
r = tape.gradient(y, z, output_gradients=v)
print(r)
