"""Records what the tests ask of AWS, and fails the run for what no policy permits, or what one grants for nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from . import recording
from .judging import outside, policies, recorded, unused
from .recording import SERVICE

CALLS, FINDINGS = pytest.StashKey[Path](), pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """A way to have grants judged that nothing used, where it is not the whole suite that runs, or runs in parts."""
    parser.addoption(
        "--whole-policy",
        action="store_true",
        help="judge the service's unused grants too, as if this were the whole suite",
    )
    parser.addoption(
        "--calls", type=Path, metavar="FOLDER", help="keep what is recorded here, and judge what earlier runs left too"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder, or take that of the process that leads; and record."""
    if not hasattr(config, "workerinput"):
        kept: Path | None = config.option.calls
        if kept is not None:
            kept.mkdir(parents=True, exist_ok=True)
        config.stash[CALLS] = kept.resolve() if kept else Path(tempfile.mkdtemp(prefix="panzoto-calls-"))
        os.environ[recording.VARIABLE] = str(config.stash[CALLS])
    recording.install(os.environ[recording.VARIABLE])


def is_whole(config: pytest.Config) -> bool:
    """Whether every test was asked for."""
    option = config.option
    narrowed = (option.keyword, option.markexpr, option.deselect, option.ignore, option.ignore_glob, option.collectonly)
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(narrowed)
    return everything or bool(option.whole_policy)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Judge, in the process that leads. What tests that failed or were skipped would have used, nobody knows."""
    folder = session.config.stash.get(CALLS, None)
    if folder is None:
        return
    calls, permitted = list(recorded(folder)), policies()
    found = outside(calls, permitted)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter is not None and reporter.stats.get("skipped")
    if exitstatus == pytest.ExitCode.OK and is_whole(session.config) and not skipped:
        found += unused(calls, {SERVICE: permitted[SERVICE]})  # operators may have to do what no test does
    session.config.stash[FINDINGS] = found
    if found and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was found."""
    if found := config.stash.get(FINDINGS, []):
        terminalreporter.section("IAM policies", red=True)
        for line in found:
            terminalreporter.line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind that nobody asked for."""
    if (folder := config.stash.get(CALLS, None)) and config.option.calls is None:
        shutil.rmtree(folder, ignore_errors=True)
