import mlx.core as mx

x = mx.array([1.0, 3.0, 6.0])
(y,), (r,) = mx.vjp(lambda x: x**2, [x], [mx.ones(1)])
print(r)
