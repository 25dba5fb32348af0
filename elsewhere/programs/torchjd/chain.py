import torch
from torchjd.autojac import jac

x = torch.tensor([1.0, 3.0, 6.0], requires_grad=True)
y = torch.stack([x[0] * x[1], x[2] ** 2])
z = y[0] * y[1]
(v,) = jac(z, y, retain_graph=True)
(r,) = jac(y, x, jac_outputs=v)
print(v, r)
