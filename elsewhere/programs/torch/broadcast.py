import torch

x = torch.tensor([1.0, 3.0, 6.0], requires_grad=True)
y = x**2
v = torch.ones(1)
(r,) = torch.autograd.grad(y, x, grad_outputs=v)
print(r)
