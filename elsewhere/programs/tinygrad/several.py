# A call has one output: add what each sends back.
from tinygrad import Tensor

a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0, 5.0])
first, second = a * b.sum(), b * a.sum()
to_a, to_b = first.gradient(a, b, gradient=Tensor([1.0, 10.0]))
more_a, more_b = second.gradient(a, b, gradient=Tensor([1.0, 2.0, 3.0]))
r = to_a + more_a, to_b + more_b
print(*(each.numpy() for each in r))
