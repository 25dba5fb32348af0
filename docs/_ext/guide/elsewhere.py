"""The same product in other frameworks, from the records of their programs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from docs._tools.part_search import UNSEARCHED
from elsewhere.reading import (
    COLUMNS,
    FRAMEWORKS,
    KINDS,
    STATUSES,
    Finding,
    Outcome,
    agree,
    differences,
    findings,
    program,
    records,
    status,
    worst,
)
from vectors.run import CLASSES, vectors

# The cases in which frameworks differ, and how a table names them.
DEFAULTS = {
    "default": "no $v$, two outputs",
    "wrong-shape": "$v$ of the wrong shape",
    "broadcast": "$v$ that broadcasts",
    "unused": "an unused input",
    "complex": "$z^2$",
}

# Points that people ask about, where a derivative exists all the same.
ASKED = {
    *(
        "regular/prod/2",
        "regular/prod/3",
        "regular/pow/2",
        "regular/pow/3",
        "regular/sinc/2",
    ),
    *("regular/cumulative_prod/2", "regular/det/2", "complex/abs/2", "complex/angle/2"),
}


class Case(SphinxDirective):
    """The programs of a case, one of which is open at a time, with what they print."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a block for each framework, and the differences from torch."""
        (case,) = self.arguments
        blocks = "\n".join(_block(framework, case) for framework in FRAMEWORKS)
        listed = "\n".join(_listed(case))
        return _unsearched(self.parse_text_to_nodes(f"{blocks}\n\n{listed}"))


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
            f"| {COLUMNS[each.framework]} | {_installed(each.versions)} "
            f"| {each.python} | {each.date} |"
            for each in records().values()
        ]
        head = "| framework | installed | Python | date |\n| --- | --- | --- | --- |"
        return self.parse_text_to_nodes("\n".join([head, *rows]))


class Kinks(SphinxDirective):
    """A table of what each framework gives at kinks and at singular points."""

    def run(self) -> list[nodes.Node]:
        """Return the table, a row for each vector."""
        rows = [
            [_point(vector), *(_given(name, vector["id"]) for name in COLUMNS)]
            for vector in vectors()
            if vector["class"] in {"kink", "singular"} or vector["id"] in ASKED
        ]
        table = _table(["at", *COLUMNS.values()], rows)
        return _unsearched(self.parse_text_to_nodes(table))


class Operators(SphinxDirective):
    """A table of operators and frameworks, with the worst of each one's vectors."""

    def run(self) -> list[nodes.Node]:
        """Return a sentence on the operators that agree everywhere, and the table."""
        names: dict[str, list[str]] = {}
        for vector in vectors():
            names.setdefault(vector["operator"], []).append(vector["id"])
        rows, same = [], []
        for name, ids in sorted(names.items()):
            found = [STATUSES[worst(framework, ids)] for framework in COLUMNS]
            if set(found) == {"agrees"}:
                same.append(f"`{name}`")
            else:
                rows.append([f"`{name}`", *("" if w == "agrees" else w for w in found)])
        text = f"Every vector of these agrees in every column: {', '.join(same)}."
        table = _table(["operator", *COLUMNS.values()], rows)
        return _unsearched(self.parse_text_to_nodes(f"{text}\n\n{table}"))


class Counts(SphinxDirective):
    """A table of how many vectors of each class have which status."""

    def run(self) -> list[nodes.Node]:
        """Return the table, a row for each framework."""
        rows = [
            [title, *(_counted(name, group) for group in CLASSES)]
            for name, title in COLUMNS.items()
        ]
        return self.parse_text_to_nodes(_table(["framework", *CLASSES], rows))


class Findings(SphinxDirective):
    """The products that are wrong, each with a program and what it prints."""

    def run(self) -> list[nodes.Node]:
        """Return a paragraph and a transcript for each."""
        text = "\n".join(_finding(name, each) for name, each in findings().items())
        return _unsearched(self.parse_text_to_nodes(text))


DIRECTIVES: dict[str, type[SphinxDirective]] = {
    "elsewhere": Case,
    "elsewhere-defaults": Defaults,
    "elsewhere-versions": Versions,
    "vectors-counts": Counts,
    "vectors-findings": Findings,
    "vectors-kinks": Kinks,
    "vectors-operators": Operators,
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


def _unsearched(found: list[nodes.Node]) -> list[nodes.Node]:
    """Return nodes whose code and cells the search doesn't collect."""
    for node in found:
        for inner in node.findall(nodes.Element):
            inner["classes"].append(UNSEARCHED)
    return found


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _point(vector: dict[str, Any]) -> str:
    """Return an operator with its inputs and attributes, as code."""
    inputs = [_number(each["data"], each["shape"]) for each in vector["inputs"]]
    attributes = [f"{name}={value}" for name, value in vector["attributes"].items()]
    return f"`{vector['operator']}({', '.join([*inputs, *attributes])})`"


def _number(data: list[Any], shape: list[int]) -> str:
    if len(shape) > 1:
        rows = [data[n : n + shape[1]] for n in range(0, len(data), shape[1])]
        return f"[{', '.join(_number(row, shape[1:]) for row in rows)}]"
    shown = [f"{complex(*n):g}" if isinstance(n, list) else f"{n:g}" for n in data]
    return shown[0] if shape in ([], [1]) else f"[{', '.join(shown)}]"


def _given(framework: str, vector: str) -> str:
    """Return the products, in bold where they aren't those of the first column."""
    result = records()[framework].vectors[vector]
    if "r" not in result:
        return "-"
    text = result["r"].replace("; ", " and ")
    return text if result == records()["torch"].vectors[vector] else f"**{text}**"


def _counted(framework: str, group: str) -> str:
    found = Counter(
        status(framework, name)
        for name in records()[framework].vectors
        if name.startswith(f"{group}/")
    )
    return ", ".join(f"{found[key]} {STATUSES[key]}" for key in STATUSES if found[key])


def _finding(name: str, finding: Finding) -> str:
    outcome = records()[finding.frameworks[0]].findings[name]
    titles = ", ".join(COLUMNS[each] for each in finding.frameworks)
    links = [
        f"[{issue}](https://github.com/{issue.replace('#', '/issues/')})"
        for issue in finding.upstream
    ]
    more = f" Upstream: {', '.join(links)}." if links else ""
    return f"""
**{titles}.** {finding.text}{more}

```python
{finding.program.strip()}
```

```text
{outcome.raises or outcome.prints}
```
"""
