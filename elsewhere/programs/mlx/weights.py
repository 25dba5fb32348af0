import mlx.core as mx


def f(x):
    return mx.stack([x[0] * x[1], x[2] ** 2])


x = mx.array([1.0, 3.0, 6.0])
(y,), (r,) = mx.vjp(f, [x], [mx.array([1.0, 10.0])])
print(r)
