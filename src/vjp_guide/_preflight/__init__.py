"""What a model doesn't allow of derivatives beyond the first backward pass."""
