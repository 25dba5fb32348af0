"""What torch's releases did with the same programs, and what changed between them."""
