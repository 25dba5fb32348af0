import tensorflow as tf

a = tf.Variable([1.0, 2.0])
b = tf.Variable([3.0, 4.0, 5.0])
with tf.GradientTape() as tape:
    y = [a * tf.reduce_sum(b), b * tf.reduce_sum(a)]
v = [tf.constant([1.0, 10.0]), tf.constant([1.0, 2.0, 3.0])]
r = tape.gradient(y, [a, b], output_gradients=v)
print(*r)
