import tensorflow as tf

x = tf.Variable([1.0, 3.0, 6.0])
v = tf.constant([1.0, 10.0])
with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
        y = tf.stack([x[0] * x[1], x[2] ** 2])
    first = inner.gradient(y, x, output_gradients=v)
u = tf.constant([1.0, 0.0, 2.0])
r = outer.gradient(first, x, output_gradients=u)
print(r)
