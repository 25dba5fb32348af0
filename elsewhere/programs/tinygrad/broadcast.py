from tinygrad import Tensor

x = Tensor([1.0, 3.0, 6.0])
y = x**2
v = Tensor.ones(1)
(r,) = y.gradient(x, gradient=v)
print(r.numpy())
