from tinygrad import Tensor

x = Tensor([1.0, 3.0, 6.0])
y = Tensor.stack(x[0] * x[1], x[2] ** 2)
z = y[0] * y[1]
(v,) = z.gradient(y)
(r,) = y.gradient(x, gradient=v)
print(v.numpy(), r.numpy())
