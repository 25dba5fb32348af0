"""A trace as a drawing."""


def draw(trace): ...
