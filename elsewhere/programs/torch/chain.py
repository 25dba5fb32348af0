import torch

x = torch.tensor([1.0, 3.0, 6.0], requires_grad=True)
y = torch.stack([x[0] * x[1], x[2] ** 2])
z = y[0] * y[1]
(v,) = torch.autograd.grad(z, y, retain_graph=True)
(r,) = torch.autograd.grad(y, x, grad_outputs=v)
print(v, r)
