import torch
from torchjd.autojac import jac

x = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
y = torch.outer(x, x)
v = torch.ones_like(y)
(r,) = jac(y, x, jac_outputs=v[None])
print(r)
