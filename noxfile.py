#!/usr/bin/env -S pipx run
# /// script
# dependencies = ["nox>=2026.2"]
# ///
"""Every command of the project: ``nox -l`` lists them."""

import atexit
import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2026.2"
# uv ignores pip's configuration, and so misses torch's small CPU wheel.
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"

ROOT = Path(__file__).parent
DOCS = ROOT / "docs"
DIST = ROOT / "dist"
HTML = DOCS / "_build" / "html"
ELSEWHERE = ROOT / "elsewhere" / "requirements"
FRAMEWORKS = sorted(path.stem for path in ELSEWHERE.glob("*.txt"))
GENERATED = [
    DOCS / "_build",
    DOCS / "_generated",
    DOCS / "auto_examples",
    DOCS / "operators" / "entries",
]
STRICT = ["-n", "-W", "--keep-going", "-T", "-j", "auto"]
DOCTREES = ["-d", "docs/_build/doctrees"]
# While writing, cells and examples that didn't change are not run again, and steps that
# only a hosted site needs are left out.
LIVE = [
    *("-t", "live"),
    *("-D", "nb_execution_mode=cache"),
    *("-D", "sphinx_gallery_conf.run_stale_examples=0"),
]
SCHEMAS = {
    "citation-file-format": "CITATION.cff",
    "dependabot": ".github/dependabot.yml",
    "github-issue-config": ".github/ISSUE_TEMPLATE/config.yml",
    "github-issue-forms": ".github/ISSUE_TEMPLATE/[!c]*.yml",
    "github-workflows": ".github/workflows/*.yml",
    "readthedocs": ".readthedocs.yaml",
}
PROJECT = nox.project.load_toml("pyproject.toml")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, the schemas of the configuration, and the workflows."""
    _install(session, "lint", package=False)
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")
    for schema, pattern in SCHEMAS.items():
        paths = [str(path) for path in sorted(Path().glob(pattern))]
        session.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *paths)
    session.run("zizmor", "--offline", "--pedantic", "--quiet", ".")


@nox.session
def typecheck(session: nox.Session) -> None:
    """Check types with mypy, strictly."""
    _install(session, "typecheck")
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the unit tests, the docstring examples and the doctests of every page."""
    _install(session, "test")
    coverage = str(Path(session.create_tmp()) / "coverage")
    session.run(
        "pytest",
        *("--cov", "--cov-report=term-missing"),
        # A page is one program; each core has its own pages, and needs one thread.
        *("-n", "auto", "--dist", "loadfile"),
        *session.posargs,
        env={"COVERAGE_FILE": coverage, "OMP_NUM_THREADS": "1"},
    )


@nox.session(default=False)
def operators(session: nox.Session) -> None:
    """Verify every operator of torch; fail if one that was verified no longer is."""
    _install(session, "test")
    session.run("python", "-m", "tests.operators.verify", *session.posargs)


@nox.session(default=False)
def preflight(session: nox.Session) -> None:
    """Compare preflight with the whole call, for all operators and many models."""
    _install(session, "test")
    session.run("python", "-m", "tests.operators.preflight", *session.posargs)


@nox.session(default=False)
def record(session: nox.Session) -> None:
    """Record what one release of torch does: ``nox -s record -- 2.9.1``."""
    (release,) = session.posargs
    # Before 2.3 torch was built for NumPy 1; the others are what torch's tables import.
    old = tuple(map(int, release.split(".")[:2])) < (2, 3)
    tables = ["expecttest", "numpy<2" if old else "numpy", "packaging", "pyyaml"]
    session.install("--no-compile", f"torch=={release}", *tables, "setuptools<81")
    script = ["records/record.py", f"records/{release}.json"]
    session.run("python", *script, env={"PYTHONPATH": str(ROOT)})


@nox.session(default=False)
@nox.parametrize("framework", FRAMEWORKS, ids=FRAMEWORKS)
def elsewhere(session: nox.Session, framework: str) -> None:
    """Record what a framework does, and compare: ``nox -s "elsewhere(jax)"``.

    ``NEWEST=1`` leaves out all pins but torch's. tinygrad needs clang.
    """
    lines = _lines(ELSEWHERE / f"{framework}.txt")
    if os.environ.get("NEWEST"):
        lines = [n if n.startswith("torch==") else n.partition("==")[0] for n in lines]
    session.install(*lines)
    record = f"records/elsewhere/{framework}.json"
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    session.run("python", "-P", "elsewhere/run.py", framework, record, env=quiet)
    session.run("python", "-m", "elsewhere.check", record, env=quiet)


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the site from nothing; the last line says where to open it."""
    _install(session, "docs")
    for path in GENERATED:
        shutil.rmtree(path, ignore_errors=True)
    _sphinx(session, "html", *session.posargs)
    # nox reports the session last; readers look for the path there.
    atexit.register(print, f"Open the site:\n{HTML / 'index.html'}")


@nox.session(name="docs-live", default=False)
def docs_live(session: nox.Session) -> None:
    """Serve the site and rebuild it as you write; cells are cached."""
    _install(session, "docs-live")
    ignores = [f"--ignore={path}/*" for path in GENERATED]
    watches = ["--watch=examples", "--watch=src"]
    options = [*LIVE, *ignores, *watches, *session.posargs]
    output = DOCS / "_build" / "live"
    session.run("sphinx-autobuild", *options, "docs", str(output), env=_cache(session))


@nox.session(default=False)
def package(session: nox.Session) -> None:
    """Build the wheel and the sdist, and run the README with the wheel alone."""
    _install(session, "package", package=False)
    shutil.rmtree(DIST, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(DIST))
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    session.run("twine", "check", "--strict", str(wheel), str(sdist))
    session.run("check-wheel-contents", str(wheel))
    # The authors are a group without an address.
    session.run("pyroma", "--min", "10", "--skip-tests", "AuthorEmail", str(sdist))
    print(*(f"{path.name}: {path.stat().st_size} bytes" for path in (wheel, sdist)))
    empty = Path(session.create_tmp()).resolve() / "empty"
    session.run("python", "-m", "venv", "--clear", str(empty))
    python = str(empty / ("Scripts" if os.name == "nt" else "bin") / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--no-compile"]
    constraints = str(_constraints(session))
    session.run(*pip, "-c", constraints, str(wheel), external=True)
    session.run(python, "-I", "tests/run_readme.py", "README.md", external=True)


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Look for known vulnerabilities of the pinned versions; needs the network."""
    _install(session, "audit", package=False)
    pinned = ["--disable-pip", "--no-deps", "-r", str(_constraints(session))]
    session.run("pip-audit", *pinned, *session.posargs)


@nox.session(default=False)
def linkcheck(session: nox.Session) -> None:
    """Follow every outside link; needs the network."""
    _install(session, "docs")
    off = ["-D", "plot_gallery=0", "-D", "nb_execution_mode=off"]
    _sphinx(session, "linkcheck", *off, *session.posargs)


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Read the built site in Chromium: errors, axe, widths, keys, copying, search."""
    _install(session, "browser")
    workers = ["-n", "2", "--dist", "worksteal"]
    session.run("pytest", "browser", *workers, *session.posargs)


@nox.session(default=False)
def lighthouse(session: nox.Session) -> None:
    """Measure a page of each kind of the built site with Lighthouse; needs npx."""
    session.run("python", "-m", "browser.lighthouse", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Time the builds of the site, and the tools beside what they are held against."""
    _install(session, "bench")
    session.run("python", "benchmarks/build.py", *LIVE)
    for name in ("jacobian", "second_order", "trace", "costs"):
        session.run("python", f"benchmarks/{name}.py")


def _install(session: nox.Session, group: str, *, package: bool = True) -> None:
    requirements = nox.project.dependency_groups(PROJECT, group)
    editable = ["-e", "."] if package else []
    # Python compiles what it imports; pip would compile all of torch: half a minute.
    session.env["PYTHONDONTWRITEBYTECODE"] = ""  # some machines forbid it to
    session.env["PYTHONUTF8"] = "1"  # wherever the locale says otherwise
    # UTF-8 mode isn't all: before 3.13 Python reads the path of the package, which pip
    # wrote, in the encoding of the locale.
    session.env["LC_ALL"] = "C.UTF-8"
    quick = ["--no-compile", "-c", str(_constraints(session))]
    session.install(*quick, *requirements, *editable)


def _constraints(session: nox.Session) -> Path:
    """Return the pinned versions, with the torch of ``TORCH=2.14.1 nox -s tests``.

    A release with a file of its own brings what it needs besides.
    ``TORCH=nightly`` pins none: pip takes the newest that its indexes have.
    """
    pinned = ROOT / "constraints.txt"
    other = os.environ.get("TORCH")
    if other is None:
        return pinned
    own = ROOT / f"constraints-{other}.txt"
    needed = _lines(own) if own.exists() else [f"torch=={other}"]
    names = {line.partition("==")[0] for line in needed}
    kept = [line for line in _lines(pinned) if line.partition("==")[0] not in names]
    path = Path(session.create_tmp()) / "constraints.txt"
    wanted = [] if other == "nightly" else needed
    path.write_text("\n".join([*kept, *wanted]), encoding="utf-8")
    return path.resolve()


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _sphinx(session: nox.Session, builder: str, *options: str) -> None:
    output = DOCS / "_build" / builder
    session.run(
        *("sphinx-build", *STRICT, *DOCTREES, "-b", builder),
        *(*options, "docs", str(output)),
        env=_cache(session),
    )


def _cache(session: nox.Session) -> dict[str, str]:
    """Return where the atlas is kept, which a build from nothing doesn't remove."""
    return {"VJP_GUIDE_CACHE": str(Path(session.create_tmp()).resolve() / "operators")}


if __name__ == "__main__":
    nox.main()
