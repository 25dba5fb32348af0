import torch


def f(x):
    return torch.stack([x[0] * x[1], x[2] ** 2])


x = torch.tensor([1.0, 3.0, 6.0])
r = torch.func.jacrev(f)(x)
print(r)
