"""`flask approvals add`, `remove` and `list`: what they say, how they end, and that they never end in a traceback."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from click.testing import Result

from panzoto import create_app
from panzoto.deps import build
from panzoto.models.spec import APPROVED_EMAILS
from panzoto.models.times import from_seconds
from tests.support.ministack import free_port
from tests.support.tables import write_by_hand

from .conftest import APPROVED, Service, approved, lives, member, new_email, under
from .test_items import JANE, JOHN

WHEN = "Error: the end must be a day or a time such as 2027-01-31 or 2027-01-31T12:00:00Z\n"
NOBODY_OUT = "REGISTRATION_POLICY is open here: everybody may sign in, and nobody was signed out.\n"

Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed is what a pipe would get, also where colours are forced."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def commander(service: Service) -> Command:
    """Gives `flask approvals …` and returns how it ended, which is never a traceback."""
    runner = create_app(service.deps.config, service.deps).test_cli_runner()

    def command(*words: str) -> Result:
        ended = runner.invoke(args=["approvals", *words])
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exc_info
        return ended

    return command


@pytest.fixture
def command(service: Service) -> Command:
    """The commands where only approved people sign in."""
    return commander(service)


# ── add ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_add_approves(service: Service, command: Command) -> None:
    """For ever, by whoever is at work, and it says the email as it is looked up."""
    ended = command("add", "Customer@Example.com")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, "customer@example.com is approved.\n", "")
    approval = service.deps.approved_emails.find("customer@example.com")
    assert approval is not None
    assert (approval.approved_by, approval.expires_at, approval.metadata) == (getpass.getuser(), None, {})


def test_add_keeps_what_it_is_told(service: Service, command: Command) -> None:
    """By whom, and why; said again, it is changed."""
    about = {"company": "Example Corp", "reason": "Q4 2026 Demo", "notes": "Approved for sales demo"}
    words = [word for name, value in about.items() for word in (f"--{name}", value)]
    assert command("add", "customer@example.com", "--by", "ann@inside.example", *words).exit_code == 0
    approval = service.deps.approved_emails.find("customer@example.com")
    assert approval is not None
    assert (approval.approved_by, approval.metadata) == ("ann@inside.example", about)
    assert command("add", "customer@example.com", "--company", "").exit_code == 0
    approval = service.deps.approved_emails.find("customer@example.com")
    assert approval is not None
    assert approval.metadata == {}


@pytest.mark.parametrize(
    ("until", "ends"),
    [
        ("2099-01-31", "2099-01-31T00:00:00+00:00"),
        ("2099-01-31T12:00:00Z", "2099-01-31T12:00:00+00:00"),
        ("2099-01-31T12:00", "2099-01-31T12:00:00+00:00"),
        ("2099-01-31 12:00:00+05:30", "2099-01-31T06:30:00+00:00"),
        ("2099-01-31T00:00:00.999-01:00", "2099-01-31T01:00:00+00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59+00:00"),
    ],
)
def test_add_reads_days_and_times(service: Service, command: Command, until: str, ends: str) -> None:
    """A day is its first second in UTC; a time is in UTC unless it names a zone; what is said is what is kept."""
    ended = command("add", "customer@example.com", "--until", until)
    assert (ended.exit_code, ended.stdout) == (0, f"customer@example.com is approved until {ends}.\n")
    approval = service.deps.approved_emails.find("customer@example.com")
    assert approval is not None
    assert approval.expires_at is not None
    assert approval.expires_at.isoformat() == ends


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("", WHEN),
        (" ", WHEN),
        ("tomorrow", WHEN),
        ("31.01.2099", WHEN),
        ("2099-02-30", WHEN),
        ("1701357432", WHEN),
        ("0001-01-01T00:00:00+14:00", WHEN),
        ("9999-12-31T23:59:59-14:00", WHEN),
        ("2099-01-31\udcff", WHEN),
        ("0001-01-01", "Error: The approval of customer@example.com would end before it begins.\n"),
        ("2020-01-31", "Error: The approval of customer@example.com would end before it begins.\n"),
    ],
)
def test_add_refuses_what_is_no_end(service: Service, command: Command, until: str, sentence: str) -> None:
    """Nonsense, what is over, and a variable that a script forgot to set: that must not mean for ever."""
    ended = command("add", "customer@example.com", "--until", until)
    assert (ended.exit_code, ended.stdout, ended.stderr) == (1, "", sentence)
    assert service.deps.approved_emails.find("customer@example.com") is None


@pytest.mark.parametrize("email", ["", "nobody", "@example.com", "a b@example.com", "ann@example.com\udcff", "x" * 400])
def test_what_is_no_email_is_refused(command: Command, email: str) -> None:
    """By every command that takes one, in one sentence."""
    for name in ("add", "remove"):
        ended = command(name, email)
        assert (ended.exit_code, ended.stdout, ended.stderr) == (1, "", "Error: email is not an email address\n")


@pytest.mark.parametrize("words", [("--notes", "x" * 1001), ("--by", "x" * 1001), ("--company", "\udcff")])
def test_add_refuses_texts_that_it_cannot_keep(service: Service, command: Command, words: tuple[str, str]) -> None:
    """Too long, or no text: nothing is kept of it."""
    ended = command("add", "customer@example.com", *words)
    assert (ended.exit_code, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert service.deps.approved_emails.find("customer@example.com") is None


def test_whoever_has_no_name_is_at_work_too(
    service: Service, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container whose user nobody has named."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 5)
    assert command("add", "customer@example.com").exit_code == 0
    approval = service.deps.approved_emails.find("customer@example.com")
    assert approval is not None
    assert approval.approved_by == "flask"


# ── remove ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_remove_ends_the_approval_and_the_sessions(service: Service, command: Command) -> None:
    """At once, whoever typed the email however."""
    tokens = member(service)
    ended = command("remove", tokens["email"].upper(), "--by", "ann")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, f"{tokens['email']} is not approved any more.\n", "")
    assert not lives(service, tokens)


def test_remove_says_when_there_was_nothing(command: Command) -> None:
    """A mistyped email is no success."""
    ended = command("remove", "customer@example.com")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (1, "", "Error: customer@example.com was not approved.\n")


def test_both_say_where_approval_does_not_count(service: Service) -> None:
    """An operator must not believe that somebody is out who is not."""
    internal = under(service, internal_email_domains=("inside.example",))
    needless = "It needs no approval: INTERNAL_EMAIL_DOMAINS has its domain.\n"
    for command, email, sentence in (
        (commander(under(service, registration_policy="open")), "customer@example.com", NOBODY_OUT),
        (commander(internal), "Ann@Inside.example", needless),
    ):
        for name in ("add", "remove"):
            ended = command(name, email)
            assert (ended.exit_code, ended.stderr) == (0, sentence)
            assert ended.stdout.startswith(f"{email.lower()} is ")


# ── list ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_empty_list_says_how_to_begin(command: Command) -> None:
    """For people; a program gets nothing."""
    ended = command("list")
    assert ended.exit_code == 0
    assert ended.stdout == "No email is approved. Approve one with: flask approvals add EMAIL\n"
    ended = command("list", "--json")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, "", "")


def test_the_list_is_sorted_and_says_what_is_over(service: Service, command: Command) -> None:
    """One line each, whatever somebody has written by hand."""
    service.clock.now = from_seconds(JANE["expiresAt"]) - timedelta(days=1)
    odd: dict[str, Any] = {"email": "odd@example.com", "metadata": {"notes": "two\nlines\x1b[2J", "colour": "red"}}
    soon = {"email": "anna@example.com", "approvedBy": "ann", "expiresAt": JANE["expiresAt"]}
    for item in (odd, JOHN, {"email": "ended@example.com", "expiresAt": 1, "approvedBy": "ann"}, soon):
        service.deps.approved_emails.put(item)
    ended = command("list")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [
        "anna@example.com until 2023-11-30T15:17:12+00:00, by ann",
        "ended@example.com, ended, by ann",
        f"john.doe@acmecorp.com, by sales@sigmacomputing.com: {', '.join(JOHN['metadata'].values())}",
        "odd@example.com, by nobody: two lines [2J",
    ]


def test_the_list_for_programs(service: Service, command: Command) -> None:
    """An object a line, sorted, with the same fields each, times as text."""
    for item in (JOHN, JANE, {"email": "bare@example.com"}):
        service.deps.approved_emails.put(item)
    ended = command("list", "--json")
    assert (ended.exit_code, ended.stderr) == (0, "")
    bare, jane, john = map(orjson.loads, ended.stdout.splitlines())
    assert jane == {
        "email": "jane.smith@startupxyz.com",
        "approved_by": "demo@sigmacomputing.com",
        "approved_at": "2023-10-31T15:17:12+00:00",
        "expires_at": "2023-11-30T15:17:12+00:00",
        **JANE["metadata"],
    }
    assert john["expires_at"] is None
    assert bare.keys() == jane.keys()
    assert bare["company"] is None


def test_a_long_list_is_whole(service: Service, command: Command) -> None:
    """However many pages it has in the store."""
    emails = [f"{number:04d}@example.com" for number in range(1100)]
    write_by_hand(service.deps, APPROVED_EMAILS, *({"email": email} for email in reversed(emails)))
    listed = [orjson.loads(line)["email"] for line in command("list", "--json").stdout.splitlines()]
    assert listed == emails


# ── faults ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("words", [("add", "a@example.com"), ("remove", "a@example.com"), ("list",)])
def test_without_dynamodb_it_is_one_sentence(service: Service, words: tuple[str, ...]) -> None:
    """And exit code 1."""
    config = replace(
        service.deps.config,
        dynamodb_endpoint=f"http://127.0.0.1:{free_port()}",
        dynamodb_deadline=timedelta(milliseconds=200),
    )
    ended = commander(replace(service, deps=build(config)))(*words)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr == "Error: The service cannot reach its storage just now. Please try again.\n"


@pytest.mark.parametrize("words", [("add", "a@example.com"), ("remove", "a@example.com"), ("list",)])
def test_without_its_table_it_is_one_sentence(service_for: Callable[..., Service], words: tuple[str, ...]) -> None:
    """A table of another name, or a role that may not ask, is no traceback."""
    service = under(service_for(**APPROVED))
    config = replace(service.deps.config, approved_emails_table="panzoto-nowhere")
    ended = commander(replace(service, deps=build(config)))(*words)
    assert (ended.exit_code, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert ended.stderr.startswith("Error: DynamoDB refused ")


def test_add_concerns_one_email_alone(service: Service, command: Command) -> None:
    """Another approval is what it was."""
    other = approved(service)
    before = service.deps.approved_emails.find(other)
    assert command("add", new_email()).exit_code == 0
    assert service.deps.approved_emails.find(other) == before
