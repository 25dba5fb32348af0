from tinygrad import Tensor

x, w = Tensor([1.0, 3.0, 6.0]), Tensor([1.0, 1.0])
y = Tensor.stack(x[0] * x[1], x[2] ** 2)
v = Tensor([1.0, 10.0])
r = y.gradient(x, w, gradient=v)
print(*(each.numpy() for each in r))
