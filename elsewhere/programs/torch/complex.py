import torch

z = torch.tensor([1 + 2j], requires_grad=True)
y = z**2
v = torch.tensor([1 + 1j])
(r,) = torch.autograd.grad(y, z, grad_outputs=v)
print(r)
