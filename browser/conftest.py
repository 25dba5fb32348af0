"""The built site in a real browser, served with the headers of a good host.

pytest-playwright opens a tab for each test; most tests here share the tab of a page.
"""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from browser import serve

# Chromium draws the lists of its address bar as two pages, which each window loads
# anew: a second of a processor. Of two such switches it takes the last, so that this
# one repeats what Playwright turns off.
UNUSED = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,"
    "AimEnabled,AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,"
    "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,MediaRouter,"
    "NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,PreconnectToSearch,"
    "ThirdPartyStoragePartitioning"
)
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    f"--disable-features={UNUSED}",
    "--disable-gpu",
    "--disable-sync",
    "--no-sandbox",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice between a quick and a complete check of contrast."""
    parser.addoption(
        "--all-contrast",
        action="store_true",
        help="check the contrast of each element: takes 10 minutes",
    )


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Serve the built site; its address ends with a slash."""
    with serve.server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium."""
    path = serve.chromium()
    if path is None:
        pytest.exit(
            "no Chromium found: install your system's package `chromium`, "
            "or give its path in the environment variable CHROME_PATH",
            returncode=1,
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def shared(browser: Browser, site: str) -> Iterator[Page]:
    """Return a tab for tests that visit many pages and change nothing."""
    with browser.new_context(base_url=site) as context:
        yield context.new_page()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """Return a tab of a new reader, who has chosen nothing yet."""
    with browser.new_context(base_url=site) as context:
        yield context.new_page()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests measured: the processes that run them can't."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if report.when == "call":
                for name, value in report.user_properties:
                    terminalreporter.write_line(f"{name}: {value}")
