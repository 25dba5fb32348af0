import autograd.numpy as np
from autograd import make_jvp


def f(x):
    return np.array([x[0] * x[1], x[2] ** 2])


jvp = make_jvp(f)(np.array([1.0, 3.0, 6.0]))
y, r = jvp(np.array([1.0, 0.0, 2.0]))
print(r)
