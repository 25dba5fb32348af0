import autograd.numpy as np
from autograd import make_vjp


def f(x, w):
    return np.array([x[0] * x[1], x[2] ** 2])


x, w = np.array([1.0, 3.0, 6.0]), np.array([1.0, 1.0])
v = np.array([1.0, 10.0])
r = [make_vjp(f, argnum)(x, w)[0](v) for argnum in (0, 1)]
print(*r)
