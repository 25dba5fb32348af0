import mlx.core as mx


def f(x, w):
    return mx.stack([x[0] * x[1], x[2] ** 2])


x, w = mx.array([1.0, 3.0, 6.0]), mx.array([1.0, 1.0])
(y,), r = mx.vjp(f, [x, w], [mx.array([1.0, 10.0])])
print(*r)
