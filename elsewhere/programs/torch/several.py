import torch

a = torch.tensor([1.0, 2.0], requires_grad=True)
b = torch.tensor([3.0, 4.0, 5.0], requires_grad=True)
y = [a * b.sum(), b * a.sum()]
v = [torch.tensor([1.0, 10.0]), torch.tensor([1.0, 2.0, 3.0])]
r = torch.autograd.grad(y, [a, b], grad_outputs=v)
print(*r)
