"""Whether a pass has edited the cotangents in place."""

from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from vjp_guide._call import Call
from vjp_guide._quiet import plain_torch

_MANY = 1_000_000  # so many are copied in a millisecond
_EDITS = (
    "a hook or a custom backward edits the tensor that it gets in place (as in "
    "v.mul_(2) for v * 2), which is your v itself"
)


class _Kept(NamedTuple):
    tensor: Tensor
    version: int | None
    copy: Tensor | None


def keep(call: Call) -> list[_Kept]:
    """Return each cotangent with its version, and with a copy unless it is large."""
    with plain_torch():
        tensors = [v.value for v in call.cotangents if isinstance(v.value, Tensor)]
        return [_Kept(each, _version(each), _copy(each)) for each in tensors]


def edited(kept: list[_Kept]) -> str:
    """Return that a cotangent isn't what it was, else nothing."""
    with plain_torch():
        changed = [each for each in kept if _may_differ(each)]
        if all(map(_same, changed)):
            return ""
        sure = all(each.copy is not None for each in changed)
    return f"v isn't what it was{'' if sure else ', it seems'}: {_EDITS}"


def spared(call: Call, kept: list[_Kept]) -> Call:
    """Return the call with the copies as cotangents, which a pass may edit."""
    if call.given[2] is None:
        return call
    copies = {id(each.tensor): each.copy for each in kept if each.copy is not None}
    own = [copies.get(id(v.value), v.value) for v in call.cotangents]
    return replace(call, given=(*call.given[:2], own))


def _version(tensor: Tensor) -> int | None:
    """Return how often it was edited, which torch counts outside of inference mode."""
    return None if tensor.is_inference() else tensor._version  # noqa: SLF001 (it has no public name)


def _may_differ(kept: _Kept) -> bool:
    return kept.version is None or _version(kept.tensor) != kept.version


def _copy(tensor: Tensor) -> Tensor | None:
    if tensor.layout != torch.strided or tensor.is_nested or tensor.numel() > _MANY:
        return None
    with suppress(Exception):  # a subclass or a transform may refuse
        return tensor.detach().clone()
    return None


def _same(kept: _Kept) -> bool:
    if kept.copy is None:
        return kept.version is None  # nothing is known
    with suppress(Exception):
        return torch.allclose(kept.tensor, kept.copy, rtol=0, atol=0, equal_nan=True)
    return False
