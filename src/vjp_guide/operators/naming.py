"""What an operator is called, and where torch documents it."""

import functools
import inspect
import re
from dataclasses import dataclass
from typing import Any

import torch

_PAGES = "https://docs.pytorch.org/docs/stable/"
_ROOTS = {
    "torch": torch,
    "torch.Tensor": torch.Tensor,
    "torch.nn.functional": torch.nn.functional,
    "torch.ops.aten": torch.ops.aten,
}
# Names with a docstring that the lists of torch's documentation leave out (2.13).
_UNLISTED = re.compile(
    r"torch\.(masked\..*|as_strided_scatter|unsafe_(chunk|split)|_segment_reduce"
    r"|(?!index_|narrow_)\w+_copy|Tensor\.(put|__getitem__)"
    r"|nn\.functional\.(channel_shuffle|multi_head_attention_forward))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """An operator's public name.

    Attributes:
        public: The dotted name, as ``torch.nn.functional.relu``.
        documented: Whether it has a docstring in the installed torch.
        parameters: The names of its positional parameters, empty if unknown.
        signature: The call as torch documents it, empty if unknown.
    """

    public: str
    documented: bool
    parameters: tuple[str, ...]
    signature: str

    @property
    def page(self) -> str:
        """The address of torch's own page, empty if there is none."""
        if not self.documented or _UNLISTED.fullmatch(self.public):
            return ""
        if self.public.startswith("torch.special."):
            return f"{_PAGES}special.html#{self.public}"
        if not callable(_find(torch, self.public.removeprefix("torch."))):
            return f"{_PAGES}tensors.html#{self.public}"
        return f"{_PAGES}generated/{self.public}.html"


@functools.cache
def name_of(op_name: str) -> Name:
    """Return the public name of an operator that torch's tests call ``op_name``."""
    op_name = op_name.removeprefix("torch.")
    found = [
        (f"{root}.{op_name}", _find(owner, op_name)) for root, owner in _ROOTS.items()
    ]
    known = [(public, value) for public, value in found if value is not None]
    documented = [(public, value) for public, value in known if _doc(value)]
    missing = (f"torch.{op_name}", None)
    public, value = (*documented, *known, missing)[0]
    signature = _signature(public, value)
    ordered = signature.partition("*")[0]  # what follows has names of its own
    return Name(
        public=public,
        documented=bool(documented),
        parameters=tuple(re.findall(r"(?:^|[(,])\s*\*?([A-Za-z_]\w*)", ordered))[1:],
        signature=signature,
    )


def _find(owner: Any, dotted: str) -> Any:
    try:
        return functools.reduce(getattr, dotted.split("."), owner)
    except AttributeError:
        return None


def _doc(value: Any) -> str:
    return (getattr(value, "__doc__", None) or "").strip()


def _signature(public: str, value: Any) -> str:
    """Return the call as the docstring's first lines or Python give it."""
    short = public.rpartition(".")[2]
    text = re.match(rf"(?:[\w.]*\.)?({re.escape(short)}\([^)]*\))", _doc(value))
    if text:
        return re.sub(r"\s+", " ", text[1])
    if ".ops." in public:
        return ""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return ""
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    return f"{short}{inspect.Signature(bare)}"
