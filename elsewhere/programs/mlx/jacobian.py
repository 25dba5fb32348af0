# There is no function for it: one product for each row, by vmap.
import mlx.core as mx


def f(x):
    return mx.stack([x[0] * x[1], x[2] ** 2])


x = mx.array([1.0, 3.0, 6.0])
r = mx.vmap(lambda row: mx.vjp(f, [x], [row])[1][0])(mx.eye(2))
print(r)
