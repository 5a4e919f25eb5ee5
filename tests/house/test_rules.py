"""Rules that are worth keeping, each with its reason."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.source import ROOT, files, module, name, of_each, tree

CODE = files("*.py")
OURS = [path for path in CODE if not name(path).startswith(("tests/", "benchmarks/"))]
TESTS = files("tests/*test_*.py")
LONGEST_FILE, LONGEST_FUNCTION = 200, 30
# Declarations, whose length is their content.
LONG_FILES = {
    "config.py": "one line or two for each variable",
    "formats.py": "one small function for each format",
    "panzoto/messages/kinds.py": "one class for each kind of message",
    "panzoto/deps.py": "one line or two for each thing that flows stand on",
    "panzoto/errors.py": "one class and one sentence for each error",
    "panzoto/models/spec.py": "one declaration for each table",
    "panzoto/models/table.py": "what a table can do",
}
LONG_FUNCTIONS = {"panzoto/deps.py": ["build"]}  # the only wiring, a line for each thing


def calls(path: Path) -> list[ast.Call]:
    """Every call in a file."""
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]


@of_each(OURS)
def test_scans_belong_to_commands(path: Path) -> None:
    """A scan reads a whole table: nothing that serves a request may ask for one."""
    scans = [node.lineno for node in calls(path) if isinstance(node.func, ast.Attribute) and node.func.attr == "scan"]
    assert not scans or module(path).startswith(("panzoto.cli", "migrations"))


@of_each([path for path in (*OURS, *files("panzoto/templates/*.html")) if name(path) != "panzoto/costs.py"])
def test_prices_stand_in_one_place(path: Path) -> None:
    """AWS changes them, and whoever follows must find them all."""
    assert not re.search(r"\b0\.(?:625|125)\b", path.read_text(encoding="utf-8"))


@of_each(CODE)
def test_times_are_aware(path: Path) -> None:
    """A naive time shifts by the machine's zone: every time is made with one."""
    naive = {"utcnow", "utcfromtimestamp", "today"}
    found = []
    for call in calls(path):
        made = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        given = len(call.args) + len(call.keywords)
        if made in naive or (made == "now" and given == 0) or (made == "fromtimestamp" and given == 1):
            found.append(call.lineno)
    assert not found


@of_each([path for path in OURS if name(path).startswith("panzoto/")])
def test_the_clock_is_read_in_one_place(path: Path) -> None:
    """Time is an argument, so that a test can say what time it is."""
    read = [call.lineno for call in calls(path) if ast.unparse(call.func) in {"datetime.now", "time.time"}]
    assert not read or name(path) == "panzoto/deps.py" or name(path).startswith("panzoto/local/")


@of_each(OURS)
def test_the_environment_is_read_in_one_place(path: Path) -> None:
    """A variable that is read elsewhere is validated and documented nowhere."""
    readers = {"config.py", "gunicorn.conf.py", "panzoto/web/observe.py"}
    attributes = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)]
    reads = [node.lineno for node in attributes if ast.unparse(node) in {"os.environ", "os.getenv"}]
    assert not reads or name(path) in readers or name(path).startswith("panzoto/local/")


# Who makes what a sign-in is made of: a session begins for an `Admitted` alone, so that no way in forgets the policy.
SIGNING_IN = {
    "Admitted": {"panzoto/flows/_policy.py"},
    "Lineage": {"panzoto/flows/_sessions.py", "panzoto/models/auth_state/lineages.py"},
    "mint": {"panzoto/flows/_sessions.py", "panzoto/flows/refresh.py"},
    "mint_access": {"panzoto/flows/_sessions.py", "panzoto/flows/refresh.py"},
}


@of_each(OURS)
def test_nobody_signs_in_past_the_policy(path: Path) -> None:
    """Nothing but the policy admits, and nothing but the shared tail and a refresh makes tokens."""
    made = {ast.unparse(call.func).rpartition(".")[2] for call in calls(path)}
    assert not [each for each in made & SIGNING_IN.keys() if name(path) not in SIGNING_IN[each]]


@of_each(CODE)
def test_modules_say_what_they_are_for(path: Path) -> None:
    """A module starts with one sentence of purpose; a public function or class of ours says what it does."""
    assert ast.get_docstring(tree(path)) or not path.read_text(encoding="utf-8").strip()
    if path in OURS:
        public = (ast.FunctionDef, ast.ClassDef)
        silent = [
            node.name
            for node in ast.walk(tree(path))
            if isinstance(node, public)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
            and not _local(path, node)
        ]
        assert not silent


def _local(path: Path, node: ast.AST) -> bool:
    """Whether a function stands inside another, where its few lines speak for themselves."""
    outer = [each for each in ast.walk(tree(path)) if isinstance(each, ast.FunctionDef)]
    return any(node is inner for each in outer for inner in ast.walk(each) if inner is not each)


@of_each(TESTS)
def test_tests_say_what_they_prove(path: Path) -> None:
    """A test's docstring states the behaviour."""
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]
    assert not [node.name for node in functions if node.name.startswith("test_") and not ast.get_docstring(node)]


@of_each(OURS)
def test_files_and_functions_are_short(path: Path) -> None:
    """Past these lengths there is a second idea in it; an exception says why it is one."""
    assert path.read_text(encoding="utf-8").count("\n") <= LONGEST_FILE or name(path) in LONG_FILES
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]
    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION]
    assert long == LONG_FUNCTIONS.get(name(path), [])


@of_each(OURS)
def test_nothing_is_swallowed(path: Path) -> None:
    """An exception that nobody hears of is a fault that nobody finds."""
    handlers = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler)]
    assert not [each.lineno for each in handlers if each.type is None or isinstance(each.body[0], ast.Pass)]


@of_each(files("requirements*.txt"))
def test_dependencies_are_pinned(path: Path) -> None:
    """Every dependency is one exact version with its hashes, and no file names the index it came from."""
    text = path.read_text(encoding="utf-8")
    entries = [line for line in text.splitlines() if line and line[0] not in "# "]
    assert entries
    assert all(re.match(r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==[\w.]+( ;.*)? \\$", line) for line in entries)
    assert text.count("--hash=sha256:") >= len(entries)
    assert "://" not in text


def test_production_pins_are_those_that_were_tested() -> None:
    """What ships is what the tests ran on."""

    def pins(of: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9-]+==[\w.]+", (ROOT / of).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_no_work_is_left_unfinished() -> None:
    """A mark of unfinished work is an issue that nobody has written."""
    marks = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error"]))
    assert not [name(path) for path in CODE if marks.search(path.read_text(encoding="utf-8"))]


def test_no_path_of_a_machine_is_named() -> None:
    """The project runs anywhere, so it names no place of one machine."""
    places = re.compile(r"(?<![\w.~-])/(?:ho" + "me|ro" + "ot|wo" + "rk|o" + "pt)/")
    named = [name(path) for path in files() if path.suffix in {".py", ".md", ".toml", ".sh", ""} and _has(path, places)]
    assert not named


def _has(path: Path, pattern: re.Pattern[str]) -> bool:
    return bool(pattern.search(path.read_text(encoding="utf-8", errors="replace")))
