"""The operators of the installed torch: each vector-Jacobian product, verified.

``python -m vjp_guide softmax`` prints what is known of one.
"""
