import mlx.core as mx


def f(x):
    return mx.outer(x, x)


x = mx.array([1.0, 2.0, 3.0, 4.0])
(y,), (r,) = mx.vjp(f, [x], [mx.ones((4, 4))])
print(r)
