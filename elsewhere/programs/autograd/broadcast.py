import autograd.numpy as np
from autograd import make_vjp

vjp, y = make_vjp(lambda x: x**2)(np.array([1.0, 3.0, 6.0]))
r = vjp(np.ones(1))
print(r)
