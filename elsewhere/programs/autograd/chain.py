import autograd.numpy as np
from autograd import grad, make_vjp


def f(x):
    return np.array([x[0] * x[1], x[2] ** 2])


vjp, y = make_vjp(f)(np.array([1.0, 3.0, 6.0]))
v = grad(lambda y: y[0] * y[1])(y)
r = vjp(v)
print(v, r)
