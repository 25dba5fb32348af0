import tensorflow as tf

x = tf.Variable([1.0, 3.0, 6.0])
u = tf.constant([1.0, 0.0, 2.0])
with tf.autodiff.ForwardAccumulator(x, u) as accumulator:
    y = tf.stack([x[0] * x[1], x[2] ** 2])
r = accumulator.jvp(y)
print(r)
