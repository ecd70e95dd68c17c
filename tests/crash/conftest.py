"""The figures of each suite, at the end of `make soak`; and judgements that are kept, where time is short."""

from collections.abc import Iterator
from dataclasses import asdict

import pytest

from etl.pipeline import runs
from tests.crash import SOAK
from tests.crash.bucket import Judgements
from tests.crash.tally import Figures

_PROPERTY = "figures"
_SUMS = ("faults", "runs", "lost", "doubled")


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    """What this test is to count. None of its records may be lost or doubled."""
    found = Figures(request.module.SUITE)
    yield found
    request.node.user_properties.append((_PROPERTY, asdict(found)))
    assert (found.lost, found.doubled) == (0, 0)


@pytest.fixture(scope="module")
def judged_once() -> Iterator[None]:
    """Equal uploads are judged once."""
    kept = Judgements()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "judged", kept)
        yield
    kept.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not SOAK:
        return
    sums: dict[str, dict[str, int]] = {}
    for report in (each for some in terminalreporter.stats.values() for each in some):
        for name, found in getattr(report, "user_properties", ()):
            if name == _PROPERTY and report.when == "teardown":
                suite = sums.setdefault(found["suite"], dict.fromkeys(_SUMS, 0))
                suite.update({key: suite[key] + found[key] for key in _SUMS})
    terminalreporter.section("figures")
    terminalreporter.line("| suite | faults injected | runs | records lost | records doubled |\n|---|---|---|---|---|")
    for suite, found in sorted(sums.items()):
        terminalreporter.line(f"| {suite} | {' | '.join(f'{found[key]:,}' for key in _SUMS)} |")
