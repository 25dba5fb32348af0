"""A vector-Jacobian product as a short program: traced, printed, run and compared."""
