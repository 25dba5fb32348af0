"""The same product in other frameworks: programs that are run and recorded."""
