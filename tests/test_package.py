"""Tests of what the package says of itself: each fact agrees wherever it stands."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

import vjp_guide
from docs._ext.guide import notebooks
from records.changes import records
from tests.processes import lines_of

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NEEDED = PROJECT["project"]["dependencies"]
URLS = PROJECT["project"]["urls"]
INSTALL = f"pip install git+{URLS['Source']}"
GENERATED = {"_build", "_generated", "auto_examples"}
PAGES = [
    path
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
    if not GENERATED & set(path.parts)
]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
EXECUTED = [path for path in PAGES if "{code-cell}" in path.read_text(encoding="utf-8")]
HELD = {"vjp_guide", "IPython"}  # a notebook runs in the latter
CELL = re.compile(r"^```\{code-cell\}.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def read(name: str) -> str:
    """Return a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_is_the_same_everywhere() -> None:
    """Tests that the newest release of the changelog and the citation are this one."""
    released = re.findall(
        r"^## \[?([\d.]+)\]? - (.*)$", read("CHANGELOG.md"), re.MULTILINE
    )
    cited = dict(re.findall(r"^([\w-]+): (.*)$", read("CITATION.cff"), re.MULTILINE))

    assert released[0] == (vjp_guide.__version__, cited["date-released"])
    assert cited["version"] == vjp_guide.__version__
    assert [date for _, date in released] == sorted(
        (date for _, date in released), reverse=True
    )


def test_the_changelog_links_each_release() -> None:
    """Tests that each title in brackets leads to the repository."""
    changes = read("CHANGELOG.md")
    titles = re.findall(r"^## \[(.*?)\]", changes, re.MULTILINE)
    links = re.findall(r"^\[(.*?)\]: (.*)$", changes, re.MULTILINE)

    assert titles == [name for name, _ in links]
    assert all(link.startswith(URLS["Source"]) for _, link in links)


def test_the_addresses_agree() -> None:
    """Tests that metadata, citation and site name one home and one repository."""
    citation, conf = read("CITATION.cff"), read("docs/conf.py")

    assert f"repository-code: {URLS['Source']}\n" in citation
    assert f"url: {URLS['Documentation']}\n" in citation
    assert f'"{URLS["Documentation"]}"' in conf
    assert URLS["Homepage"] == URLS["Documentation"]
    assert URLS["Source"] == f"https://github.com/{notebooks.REPOSITORY}"


def test_one_way_to_install() -> None:
    """Tests that pages and notebooks install from the repository, without extras."""
    texts = [path.read_text(encoding="utf-8") for path in PAGES]
    shown = [line for text in texts for line in re.findall("pip install[^`\n]*", text)]
    ours = [line for line in shown if "vjp-guide" in line or line.endswith(" .")]

    assert len(ours) > 3
    assert set(ours) == {INSTALL, "pip install --group dev -e ."}
    assert f"%{INSTALL}".replace("install", "install --quiet", 1) == notebooks.INSTALL


@pytest.mark.parametrize(
    "path", [*EXECUTED, *EXAMPLES], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_a_notebook_installs_what_it_imports(path: Path) -> None:
    """Tests that the first cell brings each module that the others import."""
    text = path.read_text(encoding="utf-8")
    example = path.suffix == ".py"
    code = text if example else "\n".join(CELL.findall(text))
    first = notebooks.INSTALL_FOR_EXAMPLES if example else notebooks.INSTALL
    needed = " ".join(NEEDED)

    assert imported(code) <= {*re.findall(r"\w+", needed), *first.split(), *HELD}


def imported(code: str) -> set[str]:
    """Return the modules that code imports and Python doesn't bring."""
    plain = re.sub(r"^[%:].*", "", code, flags=re.MULTILINE)
    names: set[str] = set()
    for node in ast.walk(ast.parse(plain)):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).partition(".")[0])
    return names - sys.stdlib_module_names


def test_an_import_is_noticed() -> None:
    """Tests the test above on what a notebook could import."""
    code = "%pip install a\nimport json, b.c\ndef f():\n    from d.e import g\n"
    assert imported(code) == {"b", "d"}


def test_the_readme_is_read_elsewhere_too() -> None:
    """Tests that its links and its picture are whole addresses, as PyPI needs them."""
    links = re.findall(r"\]\(([^)]*)\)", read("README.md"))

    assert len(links) > 3
    assert all(link.startswith("https://") for link in links)


def test_requirements_are_the_group_of_the_site() -> None:
    """Tests that who builds the site without nox installs the same."""
    lines = read("docs/requirements.txt").splitlines()
    listed = [line for line in lines if not line.startswith(("#", "-"))]

    assert listed == PROJECT["dependency-groups"]["docs"]


def test_actions_are_pinned() -> None:
    """Tests that each action is named by a hash, with its version beside it."""
    used = [
        line
        for path in (ROOT / ".github" / "workflows").glob("*.yml")
        for line in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    ]
    pinned = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")

    assert used
    assert all(pinned.fullmatch(line) for line in used)


def test_the_corners_are_what_the_package_states() -> None:
    """Tests that CI runs the oldest torch, and each Python that is stated."""
    workflow = read(".github/workflows/ci.yml")
    torch = re.findall(r'torch: \["([\d.]+)", "([\d.]+)"\]', workflow)
    python = re.findall(r'python: \["([\d.]+)", "([\d.]+)"\]', workflow)
    classifiers = "\n".join(PROJECT["project"]["classifiers"])
    stated = re.findall(r"Python :: (3\.\d+)", classifiers)

    oldest = torch[0][0].rpartition(".")[0]
    assert any(line.startswith(f"torch>={oldest},") for line in NEEDED)
    assert python == [(stated[0], stated[-1])]
    between = re.findall(r'python: "([\d.]+)", torch', workflow)
    assert {*python[0], *between} == {*stated}
    assert PROJECT["project"]["requires-python"] == f">={stated[0]}"


def test_the_site_is_built_with_the_newest_torch() -> None:
    """Tests that CI, the hosts, the locked versions and the records name the same."""
    ci = read(".github/workflows/ci.yml")
    ((oldest, newest),) = re.findall(r'torch: \["([\d.]+)", "([\d.]+)"\]', ci)

    assert set(re.findall(r'torch: "([\d.]+)"', ci)) == {newest}
    assert f'TORCH: "{newest}"' in read(".github/workflows/pages.yml")
    assert f"TORCH={newest} nox -s docs" in read(".readthedocs.yaml")
    assert f"torch=={oldest}\n" in read("constraints.txt")
    assert f"torch=={newest}\n" in read(f"constraints-{newest}.txt")
    assert newest == records()[-1].torch


def test_imports_quickly() -> None:
    """Tests that nobody waits for what derives without deriving."""
    heavy = "torch.fx.experimental.symbolic_shapes"
    code = f"""
import sys
import vjp_guide
import vjp_guide.__main__
print({heavy!r} in sys.modules, hasattr(vjp_guide, "deriv"))
print(vjp_guide.derive.__name__, {heavy!r} in sys.modules)
"""

    assert lines_of(code) == ["False False", "derive True"]
