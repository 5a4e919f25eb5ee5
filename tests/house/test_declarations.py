"""What is declared once is whole, and what is rendered from it has not drifted."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import fields

import pytest

from config import Config
from panzoto import create_app, errors
from panzoto.cli.render import rendered
from panzoto.errors import PanzotoError
from panzoto.models.spec import TABLES
from panzoto.web import guards
from panzoto.web.errors import TABLE
from tests.house.source import ROOT, files, name, tree

SEED_VARIABLES = [
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "USERS_TABLE", "AUDIO_FILES_TABLE", "SECRET_KEY"),
    *("FLASK_ENV", "S3_BUCKET", "DYNAMODB_ENDPOINT", "DYNAMODB_REGION", "DYNAMODB_TABLE_NAME", "JWT_SECRET_KEY"),
    *("JWT_ACCESS_EXPIRY", "JWT_REFRESH_EXPIRY", "OTP_LENGTH", "OTP_EXPIRY", "OTP_MAX_ATTEMPTS", "PORT"),
    *("DYNAMODB_OAUTH_TABLE", "DYNAMODB_OAUTH_LOGS_TABLE"),
]


def test_every_route_declares_its_guard(config_for: Callable[..., Config]) -> None:
    """Every route says who may pass, `public` included."""
    app = create_app(config_for())
    rules = list(app.url_map.iter_rules())
    assert rules
    assert all(guards.guard_of(app, rule.endpoint) for rule in rules)


def test_a_route_without_a_guard_stops_the_start(config_for: Callable[..., Config]) -> None:
    """A route that forgot its guard is found at the start, not by a stranger."""
    app = create_app(config_for())
    app.add_url_rule("/forgotten", "forgotten", lambda: "open to all")
    with pytest.raises(LookupError, match="/forgotten"):
        app.require_guards()


@pytest.mark.parametrize(("method", "starts"), [("GET", True), ("POST", False), ("DELETE", False)])
def test_only_a_read_goes_on_while_its_caller_is_looked_up(
    config_for: Callable[..., Config], method: str, starts: bool
) -> None:
    """What would be written for an ended session could not be taken back, and such a route stops the start."""
    app = create_app(config_for())
    app.add_url_rule("/early", "early", guards.signed_in_beside(lambda: "done"), methods=[method])
    with nullcontext() if starts else pytest.raises(LookupError, match="/early writes"):
        app.require_guards()


def test_a_route_without_a_guard_is_not_served(config_for: Callable[..., Config]) -> None:
    """Even past the start, a route without a guard answers nobody."""
    app = create_app(config_for())
    app.add_url_rule("/forgotten", "forgotten", lambda: "open to all")
    assert app.test_client().get("/forgotten").status_code == 500


def every(kind: type[PanzotoError]) -> set[type[PanzotoError]]:
    """Every error below one."""
    return {below for each in kind.__subclasses__() for below in {each, *every(each)}}


def test_every_error_is_in_the_table() -> None:
    """Every error that a client may hear of has a status and a code of its own."""
    declared = {each for each in every(PanzotoError) if each.__module__ == errors.__name__}
    assert declared == set(TABLE)
    assert len({code for _, code in TABLE.values()}) == len(TABLE)


def test_every_error_has_its_sentence() -> None:
    """Every error says in a sentence of its own what happened."""
    assert all("sentence" in vars(each) for each in TABLE)


def test_every_variable_of_the_seeds_is_read() -> None:
    """A deployment that the seeds describe keeps its variables."""
    assert set(SEED_VARIABLES) <= {each.metadata["name"] for each in fields(Config)}


def test_every_variable_is_documented() -> None:
    """Whoever sets the service up finds every variable on one page."""
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert not [each.metadata["name"] for each in fields(Config) if f"`{each.metadata['name']}`" not in page]


def test_every_derived_key_is_in_the_inventory() -> None:
    """Each key that comes of the service's secret is made where all are, and `docs/keys.md` says what it is for."""
    page = (ROOT / "docs/keys.md").read_text(encoding="utf-8")
    made = [
        (path, call)
        for path in files("panzoto/*.py", "migrations/*.py")
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "derived_key"
    ]
    assert {name(path) for path, _ in made} == {"panzoto/deps.py"}
    listed = re.findall(r"^\| ↳ [a-z -]+ key, `([a-z/0-9-]+)`", page, re.MULTILINE)
    assert {ast.literal_eval(call.args[1]) for _, call in made} == set(listed)


# What tells that something happened: each is given the action by its name, in the call or by default.
TELLERS = frozenset({"event", "record", "recording", "_recording", "_change", "note", "_end_family"})
ACTION = re.compile(r"[a-z]+(?:_[a-z]+)*")


def actions() -> Iterator[str]:
    """Every action that a flow records."""
    for path in files("panzoto/flows/*.py"):
        known = {name: node.value for node in tree(path).body if isinstance(node, ast.Assign) for name in _names(node)}
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in TELLERS:
                given = [each for argument in node.args for each in _either(argument)]
            elif isinstance(node, ast.FunctionDef) and node.name in TELLERS:
                given = [*node.args.defaults]
            else:
                continue
            said = [known.get(each.id, each) if isinstance(each, ast.Name) else each for each in given]
            found = [each.value for each in said if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            yield from filter(ACTION.fullmatch, found)


def _names(node: ast.Assign) -> list[str]:
    """What a module calls a value."""
    return [each.id for each in node.targets if isinstance(each, ast.Name)]


def _either(argument: ast.expr) -> list[ast.expr]:
    """What an argument may be."""
    return [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]


def test_every_action_on_record_is_documented() -> None:
    """Whoever reads the audit finds each of its actions on one page, and none there that nothing records."""
    page = (ROOT / "docs/accounts.md").read_text(encoding="utf-8")
    section = page.partition("## What is recorded")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z_]+)`", section)) == set(actions())


def test_every_table_has_a_variable_with_its_default() -> None:
    """The declaration of a table and the variable that names it agree."""
    names = {each.metadata["name"]: each.default for each in fields(Config)}
    assert all(names[spec.variable] == spec.default_name for spec in TABLES)


@pytest.mark.parametrize("path", sorted(rendered()))
def test_rendered_files_have_not_drifted(path: str) -> None:
    """What is derived from the declarations says what they say; `make render` makes it so."""
    assert (ROOT / path).read_text(encoding="utf-8") == rendered()[path]
