import autograd.numpy as np
from autograd import make_vjp

vjp, y = make_vjp(lambda z: z**2)(np.array([1 + 2j]))
r = vjp(np.array([1 + 1j]))
print(r)
