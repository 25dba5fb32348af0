"""Vectors that any framework can run, and what runs them."""
