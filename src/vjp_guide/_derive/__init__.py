"""The vector-Jacobian product of a reader's own function, as verified Python."""
