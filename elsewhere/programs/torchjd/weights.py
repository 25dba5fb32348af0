import torch
from torchjd.autojac import jac

x = torch.tensor([1.0, 3.0, 6.0], requires_grad=True)
y = torch.stack([x[0] * x[1], x[2] ** 2])
v = torch.tensor([1.0, 10.0])
(r,) = jac(y, x, jac_outputs=v[None])
print(r)
