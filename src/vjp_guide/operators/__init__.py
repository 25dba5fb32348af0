"""The operators of the installed torch: each vector-Jacobian product, verified.

``vjp-guide softmax`` prints what is known of one.
"""
