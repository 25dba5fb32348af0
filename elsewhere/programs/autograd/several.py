import autograd.numpy as np
from autograd import make_vjp
from autograd.builtins import tuple  # noqa: A004 - a tuple that is differentiated


def f(inputs):
    a, b = inputs
    return tuple((a * np.sum(b), b * np.sum(a)))


vjp, y = make_vjp(f)((np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])))
r = vjp((np.array([1.0, 10.0]), np.array([1.0, 2.0, 3.0])))
print(*r)
