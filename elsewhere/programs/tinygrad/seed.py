from tinygrad import Tensor

x = Tensor([1.0, 2.0, 3.0, 4.0])
y = x.reshape(4, 1) * x
v = Tensor.ones_like(y)
(r,) = y.gradient(x, gradient=v)
print(r.numpy())
