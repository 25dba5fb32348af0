"""Shape mismatch: one weight for each output
============================================

``v`` has the shape of the output. This program passes one with the shape of the input, reads the error, and fixes the call.

.. tested by: exercise-01
"""

# %%
# The call that fails
# -------------------
# ``x`` has shape ``(3,)`` and ``y`` has shape ``(2,)``, so no shape fits by accident.

import torch

from vjp_guide import contract, explain, jacobian
from vjp_guide.figures import jacobian_rows

x = torch.tensor([1.0, 3.0, 6.0], requires_grad=True)
y = torch.stack([x[0] * x[1], x[2] ** 2])

message = ""
try:
    torch.autograd.grad(y, x, grad_outputs=torch.ones_like(x))
except RuntimeError as error:
    message = str(error)
print(message)

# %%
# ``grad_output[0]`` is what was passed, ``output[0]`` is ``y``.
# This program fails if a later torch words the message differently:

assert message == (
    "Mismatch in shape: grad_output[0] has a shape of torch.Size([3]) "
    "and output[0] has a shape of torch.Size([2])."
)

# %%
# :func:`vjp_guide.explain` takes the same arguments, and says why the call fails and what to write:

print(explain(y, x, grad_outputs=torch.ones_like(x)))

# %%
# The call that works
# -------------------
# One weight for each output:

v = torch.tensor([1.0, 10.0])
(result,) = torch.autograd.grad(y, x, grad_outputs=v, retain_graph=True)
result

# %%
# The same in NumPy: rows of the Jacobian, here written out, weighted and added.

J = jacobian(y, x)
assert J.tolist() == [[3, 1, 0], [0, 0, 12]]
assert contract(v, J).tolist() == result.tolist()

# %%
# Three weights for two rows
# --------------------------
# ``v`` has an entry for each row. Three entries for two rows have no meaning, and torch refuses them.

jacobian_rows(J, v)
