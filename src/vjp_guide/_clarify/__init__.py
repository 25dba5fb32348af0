"""Notes on errors of torch's autograd, where they are raised."""
