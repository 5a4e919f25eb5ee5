"""Commands whom DynamoDB refuses what they ask: a table that is not there, a role that does not permit it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from config import Config
from panzoto import create_app
from panzoto.deps import build
from tests.support.configs import configured, new_account
from tests.support.furnishing import furnish

NOWHERE = "no-such-table"


@pytest.fixture(scope="module")
def config(ministack: str) -> Config:
    """A service with its tables."""
    made = configured(new_account(), ministack)
    furnish(made)
    return made


@pytest.mark.parametrize(
    ("words", "table"),
    [
        ("users sweep", "users_table"),
        ("users adopt", "users_table"),
        ("vault sweep", "oauth_tokens_table"),
        ("vault rewrap", "oauth_tokens_table"),
        ("audio sweep", "audio_files_table"),
        ("audio work --once", "auth_state_table"),
        ("figures recount", "audio_files_table"),
        ("approvals list", "approved_emails_table"),
    ],
)
def test_a_command_that_is_refused_says_so(config: Config, words: str, table: str) -> None:
    """One sentence and exit code 1: no traceback."""
    changed: dict[str, Any] = {table: NOWHERE}
    app = create_app(replace(config, **changed))
    ended = app.test_cli_runner().invoke(args=words.split())
    assert (ended.exit_code, ended.stderr.count("\n")) == (1, 1)
    assert ended.stderr.startswith("Error: DynamoDB refused ")


def test_a_person_whose_deletion_is_refused_ends_no_other(config: Config) -> None:
    """Each is named, and how many they are."""
    deps = build(config)
    for user_id in ("usr_a", "usr_b"):
        item = {"user_id": user_id, "created_at": 1, "created_at_iso": "2027-01-31T12:00:00+00:00", "deleting_at": 1}
        deps.users.put(item)
    app = create_app(replace(config, oauth_logs_table=NOWHERE))
    ended = app.test_cli_runner().invoke(args=["users", "sweep"])
    assert ended.exit_code == 1
    *named, last = ended.stderr.splitlines()
    assert sorted(line.partition(": DynamoDB")[0] for line in named) == [
        "usr_a: not deleted: StoreRefused",
        "usr_b: not deleted: StoreRefused",
    ]
    assert last == "Error: 2 could not be finished."
