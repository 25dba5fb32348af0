import torch

x = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
y = torch.outer(x, x)
v = torch.ones_like(y)
(r,) = torch.autograd.grad(y, x, grad_outputs=v)
print(r)
