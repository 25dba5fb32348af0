import torch
from torchjd.autojac import jac

x = torch.tensor([1.0, 3.0, 6.0], requires_grad=True)
y = x**2
v = torch.ones(1)
(r,) = jac(y, x, jac_outputs=v[None])
print(r)
