"""The checks of an operator: its calls, the residuals of each, and the verdict."""
