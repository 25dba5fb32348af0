import mlx.core as mx


def f(x):
    return mx.stack([x[0] * x[1], x[2] ** 2])


x = mx.array([1.0, 3.0, 6.0])
v = mx.grad(lambda y: y[0] * y[1])(f(x))
(y,), (r,) = mx.vjp(f, [x], [v])
print(v, r)
