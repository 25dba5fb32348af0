import mlx.core as mx


def f(x):
    return mx.stack([x[0] * x[1], x[2] ** 2])


r = mx.grad(f)(mx.array([1.0, 3.0, 6.0]))
print(r)
