import autograd.numpy as np
from autograd import make_vjp


def f(x):
    return np.outer(x, x)


vjp, y = make_vjp(f)(np.array([1.0, 2.0, 3.0, 4.0]))
r = vjp(np.ones_like(y))
print(r)
