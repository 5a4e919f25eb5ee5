"""`flask users`, `flask audit`, `flask figures` and `flask approvals reindex`, for people without a browser."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from panzoto.cli import operating
from panzoto.deps import Deps, build
from panzoto.flows import _sessions
from panzoto.flows._policy import Admitted
from panzoto.flows._sessions import CLEARED_AT_ONCE
from panzoto.flows.client import Client
from panzoto.models.audio_file import AudioFile, to_item
from panzoto.models.store import batches
from panzoto.models.store.expressions import Change
from tests.support import border
from tests.support.people import leave

from .conftest import Office, opened


def said(office: Office, *words: str) -> str:
    """What a command says that ends well."""
    ended = office.flask(*words)
    assert (ended.exit_code, ended.stderr) == (0, "")
    return str(ended.stdout)


def refused(office: Office, *words: str) -> str:
    """What a command says that does not: one sentence, and nothing else."""
    ended = office.flask(*words)
    assert (ended.exit_code, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    return str(ended.stderr)


def test_somebody_is_looked_at(office: Office) -> None:
    """A table for people, an object a line for programs; no secret in either."""
    me = office.someone(name="Ann\x1b[2J")
    (found,) = map(orjson.loads, said(office, "users", "show", me["email"], "--json").splitlines())
    assert (found["user_id"], found["sessions"], found["ways_in"]) == (me["user_id"], 1, ["link", "password"])
    table = said(office, "users", "show", me["user_id"])
    assert me["email"] in table
    assert table.startswith("user id ")
    assert "\x1b" not in table
    (session,) = map(orjson.loads, said(office, "users", "sessions", me["email"], "--json").splitlines())
    assert session["by"] == "pwd"
    assert session["session_id"] in said(office, "users", "sessions", me["email"])
    user = office.user(me)
    assert str(user.password_hash) not in table + str(found)
    assert refused(office, "users", "show", "nobody@example.com").startswith("Error: There is nobody")


def test_acts_are_done_by_commands_too(office: Office, admin: dict[str, Any]) -> None:
    """And are on record as the operator's."""
    me = office.someone()
    email, path = me["email"], me["user_id"]
    second = office.deps.refresh_tokens.read(office.login(me)["refresh_token"]).sid
    assert said(office, "users", "grant", email, "support") == f"{email} is support now.\n"
    assert said(office, "users", "revoke", email, "support") == f"{email} is without a role now.\n"
    me = office.login(me)
    third = office.deps.refresh_tokens.read(me["refresh_token"]).sid
    assert said(office, "users", "sign-out", email, "--session", third).startswith(f"The session {third} of ")
    assert refused(office, "users", "sign-out", email, "--session", "none") == "Error: There is no such session.\n"
    assert second != third
    assert said(office, "users", "sign-out", email) == f"0 sessions of {email} are ended.\n"
    assert said(office, "users", "sessions", email) == "Signed in nowhere.\n"
    assert said(office, "users", "reset", email) == f"A link is on its way to {email}.\n"
    assert said(office, "users", "disable", email) == f"{email} is disabled.\n"
    assert said(office, "users", "enable", email) == f"{email} may sign in again.\n"
    lines = said(office, "audit", "tail", "--subject", path, "--limit", "50", "--json").splitlines()
    events = [orjson.loads(line) for line in lines]
    assert {each["actor"] for each in events if each["action"] == "disabled"} == {
        f"operator:{events[-1]['details']['by']}"
    }
    assert [each["action"] for each in events[-3:]] == ["reset_sent", "disabled", "enabled"]


def test_the_newest_events_are_told(office: Office) -> None:
    """Oldest first, of a kind or by somebody; as a table for people; a sentence where there are none."""
    me = office.someone()
    table = said(office, "audit", "tail", "--subject", me["user_id"], "--since", "2001-01-01")
    assert "registered" in table
    lines = said(office, "audit", "tail", "--limit", "1", "--action", "registered", "--json").splitlines()
    assert len(lines) == 1
    assert said(office, "audit", "tail", "--subject", "nothing") == "Nothing happened.\n"
    assert said(office, "audit", "tail", "--subject", "nothing", "--json") == ""
    assert "have their id" in said(office, "audit", "tail", "--subject", me["email"])
    assert said(office, "audit", "tail", "--subject", me["email"], "--json") == ""
    assert refused(office, "audit", "tail", "--since", "soon").startswith("Error: since must be a day")


def test_what_a_command_counts_is_written_when_it_ends(ministack: str) -> None:
    """By the parts of the service, and by those of an operator: nobody waits for the timer of a process that ends."""
    office = opened(ministack)
    me, leaving = office.someone(), office.someone()
    office.deps.audio_files.put(to_item(recording(leaving["user_id"], 1)))
    leave(office.deps, office.user(leaving))
    office.deps.tally.give()
    assert said(office, "users", "sign-out", me["email"]).startswith("1 session of ")
    assert said(office, "users", "sweep").endswith("1 deletions finished.\n")
    today = office.clock().date()
    kept = office.deps.figures.between(today, today)
    assert (int(kept.days[today]["ended"]), int(kept.total["audio_files"])) == (2, -1)


def test_what_a_command_does_afterwards_is_counted(ministack: str) -> None:
    """Of somebody with very many sessions most end when it has said how many: the figures lack none of them."""
    office = opened(ministack)
    me = office.someone()
    user, now = office.user(me), office.clock()
    for number in range(2 * CLEARED_AT_ONCE):
        begun = _sessions._lineage(office.deps, Admitted(user), f"ses_{number:022}", None, now, "pwd")
        batches.write(office.deps.gateway, _sessions._records(office.deps, user, begun, Client("", "test", "en"), None))
    office.deps.tally.give()
    assert said(office, "users", "sign-out", me["email"]).startswith(f"{2 * CLEARED_AT_ONCE + 1} sessions of ")
    today = office.clock().date()
    assert int(office.deps.figures.between(today, today).days[today]["ended"]) == 2 * CLEARED_AT_ONCE + 1


def recording(user_id: str, number: int) -> AudioFile:
    """A recording of somebody's, of ten bytes."""
    return AudioFile(
        file_id=f"{user_id}-{number}",
        user_id=user_id,
        s3_key=f"k{number}",
        file_size=10,
        uploaded_at=datetime.now(UTC),
    )


def test_recordings_are_counted_anew(office: Office) -> None:
    """After a migration, or where a process was killed: of each person, and altogether."""
    me, other = office.someone(), office.someone()
    for number in range(3):
        office.deps.audio_files.put(to_item(recording(me["user_id"], number)))
    office.deps.audio_files.put({"file_id": "begun", "user_id": "x", "started_at": 1})
    office.deps.users.add_audio(other["user_id"], {"audio_files": 7, "audio_bytes": 7})
    assert said(office, "figures", "recount") == "3 recordings of 1 people, 30 bytes.\n"
    assert (office.user(me).audio_files, office.user(me).audio_bytes) == (3, 30)
    assert (office.user(other).audio_files, office.user(other).audio_bytes) == (0, 0)
    total = office.deps.figures.between(office.clock().date(), office.clock().date()).total
    assert [int(total["audio_files"]), int(total["audio_bytes"])] == [3, 30]


def test_odd_items_keep_nothing_from_being_counted(ministack: str) -> None:
    """They are named and left out; the others are counted, and the command ends with 1."""
    office = opened(ministack)
    me, odd = office.someone(), office.someone()
    item = to_item(recording(me["user_id"], 1))
    office.deps.audio_files.put(item)
    later = {name: value for name, value in item.items() if name != "uploaded_at_iso"}
    office.deps.audio_files.put(later | {"file_id": "odd-time", "uploaded_at": 1_700_000_000_000})
    office.deps.audio_files.put(item | {"file_id": "odd-size", "file_size": "large"})
    office.deps.users.update({"user_id": odd["user_id"]}, Change(remove=["created_at_iso"]))
    ended = office.flask("figures", "recount")
    assert (ended.exit_code, ended.stdout) == (1, "1 recordings of 1 people, 10 bytes.\n")
    *named, last = ended.stderr.splitlines()
    assert sorted(line.split(":")[0] for line in named) == sorted(["odd-time", "odd-size", odd["user_id"]])
    assert last == "Error: 3 items could not be read; mend them, and run this again."
    assert office.user(me).audio_files == 1


def test_whoever_leaves_during_a_recount_is_passed_over(ministack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who was deleted after they were read has no recordings to set right."""
    office = opened(ministack)
    leaving, staying = office.someone(), office.someone()
    for each in (leaving, staying):
        office.deps.users.add_audio(each["user_id"], {"audio_files": 7, "audio_bytes": 7})

    def leaves(request: Any, _: Any) -> None:
        if b"UpdateExpression" in request.body:
            office.deps.users.delete_person(leaving["user_id"])

    def made(*given: Any, **named: Any) -> Deps:
        deps = build(*given, **named)
        border.at(deps.gateway._client, then=leaves)
        return deps

    monkeypatch.setattr(operating, "build", made)
    assert said(office, "figures", "recount") == "0 recordings of 0 people, 0 bytes.\n"
    assert office.deps.users.find(leaving["user_id"]) is None
    assert office.user(staying).audio_files == 0


def test_approvals_of_before_come_onto_the_lists(office: Office) -> None:
    """Those that were written by hand, as the seed writes them."""
    office.deps.approved_emails.put({"email": "old@hand.example", "approvedBy": "sales", "approvedAt": 1})
    build(office.deps.config, operator=True).approved_emails.enlist("gone@hand.example")
    page = office.deps.approved_emails.page("@hand.example", limit=5, cursor=None)
    assert page.items == ()
    assert said(office, "approvals", "reindex") == "1 approvals are on the lists now.\n"
    assert said(office, "approvals", "reindex") == "0 approvals are on the lists now.\n"
    (found,) = office.deps.approved_emails.page("@hand.example", limit=5, cursor=None).items
    assert (found.email, found.approved_by) == ("old@hand.example", "sales")
    assert found in office.deps.approved_emails.page("old", limit=5, cursor=None).items


@pytest.mark.parametrize("words", [("users", "grant", "a@example.com", "owner"), ("audit", "tail", "--limit", "0")])
def test_what_no_command_takes_is_told_by_click(office: Office, words: tuple[str, ...]) -> None:
    """A role that does not exist, a list of nothing."""
    assert office.flask(*words).exit_code == 2
