"""An entry as readers see it."""
