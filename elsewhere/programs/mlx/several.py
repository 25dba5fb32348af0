import mlx.core as mx


def f(a, b):
    return a * b.sum(), b * a.sum()


a, b = mx.array([1.0, 2.0]), mx.array([3.0, 4.0, 5.0])
v = [mx.array([1.0, 10.0]), mx.array([1.0, 2.0, 3.0])]
y, r = mx.vjp(f, [a, b], v)
print(*r)
