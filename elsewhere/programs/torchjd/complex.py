import torch
from torchjd.autojac import jac

z = torch.tensor([1 + 2j], requires_grad=True)
y = z**2
v = torch.tensor([1 + 1j])
(r,) = jac(y, z, jac_outputs=v[None])
print(r)
