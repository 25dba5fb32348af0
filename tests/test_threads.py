"""Tests that a program's other threads don't notice a call."""

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from vjp_guide import coupling, explain, jacobian, trace
from vjp_guide._hooks import _holds_hooks


@pytest.fixture(autouse=True)
def switching() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def hooked_jacobian(y: Tensor, x: Tensor) -> object:
    """Call it after a new hook, for which all hooks are looked for again."""
    x.register_hook(lambda _: None)
    return jacobian(y, x)


CALLS: dict[str, Callable[[Tensor, Tensor], object]] = {
    "explain": lambda y, x: explain(y, x, torch.ones(3)),
    "trace": lambda y, x: trace(y, x, torch.ones(3)),
    "jacobian": hooked_jacobian,
    "coupling": coupling,
}


@pytest.mark.parametrize("kind", CALLS)
def test_a_thread_can_build_tuples_meanwhile(kind: str) -> None:
    """Tests that it meets no SystemError, as when something holds a half-built one."""
    x = torch.randn(3, requires_grad=True)
    h = 2 * x
    h.retain_grad()
    y, done, failed = h * h, threading.Event(), []

    def build() -> None:
        while not done.is_set():
            try:
                tuple(each for each in range(50))
            except SystemError as error:
                failed.append(error)

    thread = threading.Thread(target=build)
    thread.start()
    for _ in range(8):
        CALLS[kind](y, x)
    done.set()
    thread.join()

    assert not failed


def test_several_threads_explain_one_graph() -> None:
    """Tests the results, which are those of one thread."""
    x = torch.randn(3, requires_grad=True)
    y, failed = 3 * (2 * x), []
    y.register_hook(lambda v: 5 * v)

    def run() -> None:
        try:
            for _ in range(2):
                found = explain(y, x, torch.ones(3))
                assert isinstance(found.gradients, tuple)
                assert_close(found.gradients[0], torch.full((3,), 30.0))
                assert found.check
                assert found.check.agrees or found.check.skipped
                assert trace(y, x, torch.ones(3)).nodes
                assert_close(jacobian(y, x), 30 * torch.eye(3))
        except BaseException as error:  # noqa: BLE001 (a thread's own is lost)
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert not failed


def test_two_threads_take_turns_at_a_tensor_that_keeps_its_gradient() -> None:
    """Tests the Jacobians, and that the kept gradient is what it was, no dead one."""
    x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    h = 2 * x
    h.retain_grad()
    ys, failed = (h.sin(), h.cos()), []
    expected = 2 * h.detach().cos().diag(), -2 * h.detach().sin().diag()

    def run(y: Tensor, wanted: Tensor) -> None:
        try:
            for _ in range(20):
                assert_close(jacobian(y, x), wanted)
        except BaseException as error:  # noqa: BLE001 (a thread's own is lost)
            failed.append(error)

    pairs = zip(ys, expected, strict=True)
    threads = [threading.Thread(target=run, args=pair) for pair in pairs]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert not failed
    assert h.grad is None


@pytest.mark.parametrize("kind", CALLS)
def test_what_another_thread_writes_meanwhile_stays(kind: str) -> None:
    """Tests a kept gradient of a graph that shares leaves alone with that of y."""
    x = torch.randn(3, requires_grad=True)
    y, h = 2 * x, 3 * x
    h.retain_grad()
    total = h.sum()

    def other(_: Tensor) -> None:
        thread = threading.Thread(target=total.backward, args=(None, True))
        thread.start()
        thread.join()

    y.register_hook(other)
    CALLS[kind](y, x)

    assert h.grad is not None
    assert x.grad is not None
    assert_close(x.grad, 3 * h.grad)


class Restless(OrderedDict[int, object]):
    """Another thread changes it while it is read for the first time."""

    reads = 0

    def items(self) -> Any:  # noqa: ANN401 (its own type is narrower than a generator)
        """Return the items, from the second time on."""
        self.reads += 1
        if self.reads == 1:
            raise RuntimeError("OrderedDict mutated during iteration")
        return super().items()


def test_hooks_that_another_thread_registers_are_read_again() -> None:
    """Tests a dictionary that changes while it is read, as those of hooks may."""
    hooks = Restless({0: print})

    assert _holds_hooks(hooks)
    assert hooks.reads == 2
