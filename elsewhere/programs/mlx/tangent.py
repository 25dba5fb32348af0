import mlx.core as mx


def f(x):
    return mx.stack([x[0] * x[1], x[2] ** 2])


x = mx.array([1.0, 3.0, 6.0])
u = mx.array([1.0, 0.0, 2.0])
(y,), (r,) = mx.jvp(f, [x], [u])
print(r)
