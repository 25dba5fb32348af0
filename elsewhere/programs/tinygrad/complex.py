from tinygrad import Tensor

z = Tensor([1 + 2j])
y = z**2
(r,) = y.gradient(z, gradient=Tensor([1 + 1j]))
print(r.numpy())
