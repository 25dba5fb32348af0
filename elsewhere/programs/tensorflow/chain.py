import tensorflow as tf

x = tf.Variable([1.0, 3.0, 6.0])
with tf.GradientTape(persistent=True) as tape:
    y = tf.stack([x[0] * x[1], x[2] ** 2])
    z = y[0] * y[1]
v = tape.gradient(z, y)
r = tape.gradient(y, x, output_gradients=v)
print(v, r)
