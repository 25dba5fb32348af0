import autograd.numpy as np
from autograd import make_vjp


def f(x):
    return np.array([x[0] * x[1], x[2] ** 2])


vjp, y = make_vjp(f)(np.array([1.0, 3.0, 6.0]))
r = vjp(np.array([1.0, 10.0]))
print(r)
