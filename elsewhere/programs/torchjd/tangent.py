# There is no forward mode, and what jac returns can't be differentiated
# again: the whole Jacobian, times u.
import torch
from torchjd.autojac import jac

x = torch.tensor([1.0, 3.0, 6.0], requires_grad=True)
y = torch.stack([x[0] * x[1], x[2] ** 2])
u = torch.tensor([1.0, 0.0, 2.0])
r = jac(y, x)[0] @ u
print(r)
