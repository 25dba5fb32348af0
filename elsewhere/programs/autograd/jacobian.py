import autograd.numpy as np
from autograd import jacobian


def f(x):
    return np.array([x[0] * x[1], x[2] ** 2])


r = jacobian(f)(np.array([1.0, 3.0, 6.0]))
print(r)
