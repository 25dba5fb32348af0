import mlx.core as mx

z = mx.array([1 + 2j])
v = mx.array([1 + 1j])
(y,), (r,) = mx.vjp(lambda z: z**2, [z], [v])
print(r)
