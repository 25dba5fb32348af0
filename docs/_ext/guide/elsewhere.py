"""The same product in other frameworks, from the records of their programs."""

from collections.abc import Iterator

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from docs._tools.part_search import UNSEARCHED
from elsewhere.reading import (
    FRAMEWORKS,
    KINDS,
    Outcome,
    agree,
    differences,
    program,
    records,
)

# The cases in which frameworks differ, and how a table names them.
DEFAULTS = {
    "default": "no $v$, two outputs",
    "wrong-shape": "$v$ of the wrong shape",
    "broadcast": "$v$ that broadcasts",
    "unused": "an unused input",
    "complex": "$z^2$",
}


class Case(SphinxDirective):
    """The programs of a case, one of which is open at a time, with what they print."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a block for each framework, and the differences from torch."""
        (case,) = self.arguments
        blocks = "\n".join(_block(framework, case) for framework in FRAMEWORKS)
        listed = "\n".join(_listed(case))
        found = self.parse_text_to_nodes(f"{blocks}\n\n{listed}")
        for block in found:
            if isinstance(block, nodes.literal_block):
                block["classes"].append(UNSEARCHED)
        return found


class Defaults(SphinxDirective):
    """A table of what the frameworks do in the cases in which they differ."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        head = f"| framework | {' | '.join(DEFAULTS.values())} |"
        rule = "| --- " * (len(DEFAULTS) + 1) + "|"
        rows = [
            f"| {title} | {' | '.join(_cell(framework, case) for case in DEFAULTS)} |"
            for framework, title in FRAMEWORKS.items()
        ]
        return self.parse_text_to_nodes("\n".join([head, rule, *rows]))


class Versions(SphinxDirective):
    """A table of what was installed, and when."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        rows = [
            f"| {FRAMEWORKS[each.framework]} | {_installed(each.versions)} "
            f"| {each.python} | {each.date} |"
            for each in records().values()
        ]
        head = "| framework | installed | Python | date |\n| --- | --- | --- | --- |"
        return self.parse_text_to_nodes("\n".join([head, *rows]))


DIRECTIVES: dict[str, type[SphinxDirective]] = {
    "elsewhere": Case,
    "elsewhere-defaults": Defaults,
    "elsewhere-versions": Versions,
}


def _block(framework: str, case: str) -> str:
    """Return a program and its output, which opens on a click; torch's is open."""
    outcome = records()[framework].programs[case]
    known = differences().get((framework, case))
    mark = f" ({KINDS[known.kind]})" if known else ""
    state = " open" if framework == "torch" else ""
    return f"""
<details name="{case}"{state}><summary>{FRAMEWORKS[framework]}{mark}</summary>

```python
{program(framework, case).strip()}
```

```text
{outcome.raises or outcome.prints}
```

</details>
"""


def _listed(case: str) -> Iterator[str]:
    """Yield the differences of a case as a list."""
    for (framework, name), known in differences().items():
        if name == case:
            yield f"- {FRAMEWORKS[framework]}, {KINDS[known.kind]}: {known.text}"


def _cell(framework: str, case: str) -> str:
    """Return what a framework does, in bold where torch does another thing."""
    outcome = records()[framework].programs[case]
    same = agree(outcome, records()["torch"].programs[case])
    text = _short(outcome)
    return text if same else f"**{text}**"


def _short(outcome: Outcome) -> str:
    error, colon, _ = outcome.raises.partition(":")
    if colon:
        return f"refused: `{error}`"
    return ", ".join("`None`" if n is None else f"{round(n, 4):g}" for n in outcome.r)


def _installed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in versions.items())
