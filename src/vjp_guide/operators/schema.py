"""The JSON Schema of the atlas, from the records and what their docstrings say.

``python -m vjp_guide.operators.schema`` prints it. pydantic, which makes schemas of
dataclasses, doesn't find what the docstring of a class says of its attributes.
"""

import inspect
import json
import re
import sys
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from vjp_guide.operators.labels import (
    ANSWERS,
    ANSWERS_TWICE,
    STATES,
    STATES_WITHOUT,
)
from vjp_guide.operators.records import Atlas

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
_WORDS = {
    "Variant.state": STATES,
    "Variant.forward": ANSWERS,
    "Variant.twice": ANSWERS_TWICE,
    "Variant.complex": ANSWERS,
    "Variant.batched": ANSWERS,
    "Without.state": STATES_WITHOUT,
}


def schema() -> dict[str, Any]:
    """Return the schema of what :func:`to_json` writes."""
    kinds: dict[str, Any] = {}
    _define(Atlas, kinds)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The operator atlas",
        "$ref": "#/$defs/Atlas",
        "$defs": dict(sorted(kinds.items())),
    }


def text() -> str:
    """Return the schema as it is published."""
    return json.dumps(schema(), indent=1) + "\n"


def _define(kind: Any, kinds: dict[str, Any]) -> None:
    """Add a record, and those in it, to the definitions."""
    documented = _attributes(kind)
    fields: dict[str, Any] = {
        "type": "object",
        "description": (inspect.getdoc(kind) or "").partition("\n")[0],
        "properties": {},
        "required": list(documented),
        "additionalProperties": False,
    }
    kinds[kind.__name__] = fields
    for name, hint in get_type_hints(kind).items():
        words = _WORDS.get(f"{kind.__name__}.{name}")
        fields["properties"][name] = {
            **({"enum": list(words)} if words else _of(hint, kinds)),
            "description": documented[name],
        }


def _of(hint: Any, kinds: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field."""
    inner = get_args(hint)
    if isinstance(hint, UnionType):
        return {"anyOf": [_of(each, kinds) for each in inner]}
    if hint is NoneType:
        return {"type": "null"}
    if is_dataclass(hint):
        name = getattr(hint, "__name__", "")
        if name not in kinds:
            _define(hint, kinds)
        return {"$ref": f"#/$defs/{name}"}
    if get_origin(hint) is not tuple:
        return {"type": _TYPES[hint]}
    if inner[-1] is Ellipsis:
        return {"type": "array", "items": _of(inner[0], kinds)}
    items = [_of(each, kinds) for each in inner]
    return {"type": "array", "prefixItems": items, "minItems": len(items)}


def _attributes(kind: Any) -> dict[str, str]:
    """Return what a docstring says of each attribute, on one line."""
    section = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]
    found = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", line) for name, line in found}


if __name__ == "__main__":
    sys.stdout.write(text())
