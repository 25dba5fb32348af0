"""What a call of :func:`torch.autograd.grad` computes, or why torch refuses it."""
