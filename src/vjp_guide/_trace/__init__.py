"""A backward pass, recorded node by node, as a table and as a drawing."""
