# There is no forward mode: the product with v is linear in v,
# and the product of that with u is the product with u.
from tinygrad import Tensor

x = Tensor([1.0, 3.0, 6.0])
y = Tensor.stack(x[0] * x[1], x[2] ** 2)
v = Tensor([0.0, 0.0])
(first,) = y.gradient(x, gradient=v)
u = Tensor([1.0, 0.0, 2.0])
(r,) = first.gradient(v, gradient=u)
print(r.numpy())
