from tinygrad import Tensor

x = Tensor([1.0, 3.0, 6.0])
y = Tensor.stack(x[0] * x[1], x[2] ** 2)
(r,) = y.gradient(x)
print(r.numpy())
