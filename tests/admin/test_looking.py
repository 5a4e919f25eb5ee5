"""What administrators see: people, approvals, OAuth flows, what happened, and figures; and no secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Event
from typing import Any
from urllib.parse import quote

import pytest

from panzoto.deps import build
from panzoto.errors import StoreUnavailable
from panzoto.flows.admin.approved import import_approvals
from panzoto.flows.admin.overview import overview
from panzoto.flows.admin.people import find_person
from panzoto.flows.approvals import approve
from panzoto.models.approved_emails import Approval, ApprovedEmails, from_item, to_item
from panzoto.models.audio_files import AudioFile
from panzoto.models.audit_events import AuditEvent
from panzoto.models.auth_state.figures import DAY
from panzoto.models.oauth_logs import Step
from panzoto.models.store import ledger
from panzoto.models.store.expressions import Change
from panzoto.tally import TODAY, Tally
from tests.support import border, tables

from .conftest import BOSS, Office, new_email, opened

Me = dict[str, Any]


def get(office: Office, me: Me, path: str, status: int = 200) -> Any:
    """What a GET answers."""
    answer = office.ask("GET", path, me)
    assert answer.status_code == status, answer.get_json()
    return answer.get_json()


def happened(office: Office, subject: str, action: str, ago: timedelta = timedelta(), actor: str | None = None) -> None:
    """Something that happened."""
    office.deps.audit.record(
        AuditEvent(
            subject=subject,
            action=action,
            actor=actor or subject,
            at=office.clock() - ago,
            address="192.0.2.1",
            user_agent="tests",
        )
    )


# ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_somebody_is_found_by_email_phone_and_id(office: Office, support: Me) -> None:
    """In whatever form it is typed, and where no SMS is sent there any more; nobody and nonsense are 404."""
    me = office.someone()
    office.deps.phones.update({"PK": "USER#+14155550123", "SK": "METADATA"}, Change(set={"user_id": me["user_id"]}))
    for asked in (me["user_id"], me["email"].upper(), f"%20{me['email']}%20", "%2B1%20415%20555%200123"):
        assert get(office, support, f"/users?q={asked}")["user"]["user_id"] == me["user_id"]
    for asked in ("nobody", new_email(), "a@b@c", "%2B12", "%2B14155550124", "%2B1x"):
        assert get(office, support, f"/users?q={asked}", 404)["code"] == "not_found"
    elsewhere = replace(office.deps, config=replace(office.deps.config, sms_countries=("DE",)))
    assert find_person(elsewhere, BOSS, "+1 415 555 0123").user_id == me["user_id"]


def test_a_person_in_detail(office: Office, support: Me) -> None:
    """Ways in, sessions, recordings, what happened lately, what was sent: and nothing that is secret."""
    me = office.someone(name="Ann")
    other = office.login(me)
    office.post("/login", {"email": me["email"], "password": "wrong one"})
    office.post("/password/forgot", {"email": me["email"]})
    office.deps.later.finish()
    happened(office, f"email:{me['email']}", "approval_given", actor="somebody")
    found = get(office, support, f"/users/{me['user_id']}")
    assert found["user"]["name"] == "Ann"
    assert found["ways_in"] == ["link", "password"]
    ids = [office.deps.refresh_tokens.read(each["refresh_token"]).sid for each in (me, other)]
    assert {each["session_id"] for each in found["sessions"]} == set(ids)
    assert {each["signed_in_by"] for each in found["sessions"]} == {"pwd"}
    actions = {each["action"] for each in found["activity"]}
    assert {"sign_in", "registered", "sign_in_failed", "reset_asked", "approval_given"} <= actions
    assert {"session", "password_reset", "email_verification"} <= {each["kind"] for each in found["links"]}
    user = office.user(me)
    said = str(found)
    assert user.audio_key is not None
    for secret in (user.password_hash, me["key_salt"], user.audio_key.wrapped, me["token"], me["refresh_token"]):
        assert secret is not None
        assert secret not in said
    assert not re.search("digest|hash|encrypted|sessionJWT", said, re.IGNORECASE)


def test_a_connection_is_shown_without_its_tokens(office: Office, support: Me) -> None:
    """With what it is for, and why it has ended."""
    me = office.someone()
    item = {"userId": me["user_id"], "provider": "google", "scope": "openid", "inactiveReason": "revoked"}
    tables.write(office.deps.oauth_tokens, {**item, "isActive": False, "createdAt": "2026-01-01T00:00:00+00:00"})
    (found,) = get(office, support, f"/users/{me['user_id']}")["connections"]
    assert (found["provider"], found["scope"], found["connected"]) == ("google", "openid", False)
    assert (found["reason"], found["signs_in"], found["last_used_at"]) == ("revoked", False, None)
    assert "tokens" not in str(found).lower()


def test_whoever_looks_sees_what_the_owner_sees_connected(office: Office, support: Me) -> None:
    """Tokens of an identity that was taken from the account are no connection, for staff and for commands neither."""
    me = office.someone()
    item = {"userId": me["user_id"], "provider": "google", "version": 1, "isActive": True}
    tables.write(office.deps.oauth_tokens, item)
    for identities, expected in ((None, False), ({"google"}, True)):
        office.deps.users.change(office.user(me), office.clock(), {"identities": identities})
        (seen,) = get(office, support, f"/users/{me['user_id']}")["connections"]
        owner = {"Authorization": f"Bearer {me['token']}"}
        (owned,) = office.http.get("/api/v1/oauth/connections", headers=owner).get_json()["connections"]
        assert [each["connected"] for each in (seen, owned)] == [expected] * 2
        told = json.loads(office.flask("users", "show", me["user_id"], "--json").output)
        assert told["connected"] == ["google"] * expected


def test_somebody_without_an_email(office: Office, support: Me) -> None:
    """They have no links and no approval; their phone is their way in."""
    me = office.someone()
    user = office.user(me)
    office.deps.users.change(user, office.clock(), {"email": None, "phone_number": "+14155550999"})
    found = get(office, support, f"/users/{me['user_id']}")
    assert (found["ways_in"], found["links"], found["approval"]) == (["phone"], [], None)


# ── OAuth ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_flow_is_followed_step_by_step(office: Office, support: Me) -> None:
    """From before anybody was known, in order; the person's list has what became of each flow."""
    me = office.someone()
    steps = [("started", None, None), ("returned", me["user_id"], None), ("failed", me["user_id"], "grant_refused")]
    taken = [
        Step(
            flow_id=f"flow_{me['user_id']}",
            step=step,
            at=office.clock() + timedelta(seconds=number),
            address="192.0.2.1",
            user_agent="tests",
            user_id=user_id,
            data={"provider": "google"},
            error=error,
        )
        for number, (step, user_id, error) in enumerate(steps)
    ]
    office.deps.oauth_logs.record(taken)
    tables.write(
        office.deps.oauth_logs, {"userId": me["user_id"], "timestamp": "2020-01-01T00:00:00Z", "step": "by hand"}
    )
    (found,) = get(office, support, f"/users/{me['user_id']}/oauth-flows")["flows"]
    assert (found["provider"], found["outcome"], found["error"], found["steps"]) == (
        "google",
        "failed",
        "grant_refused",
        2,
    )
    timeline = get(office, support, f"/oauth-flows/{found['flow_id']}")
    assert [each["step"] for each in timeline["steps"]] == ["started", "returned", "failed"]
    assert [each["user_id"] for each in timeline["steps"]] == [None, me["user_id"], me["user_id"]]
    assert timeline["user_id"] == me["user_id"]
    assert get(office, support, "/oauth-flows/flow_nothing", 404)["code"] == "not_found"


# ── approvals ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_approval_is_added_changed_and_ended(office: Office, admin: Me) -> None:
    """By whom, until when and why; a second one and a missing one are refused; each is on record."""
    email = new_email()
    body = {"email": email.upper(), "expires_at": "2099-01-31", "company": "Acme"}
    made = office.ask("POST", "/approvals", admin, body)
    assert made.status_code == 201
    assert made.get_json()["approved_by"] == admin["email"]
    assert made.get_json()["expires_at"].startswith("2099-01-31T00:00:00")
    assert office.ask("POST", "/approvals", admin, body).get_json()["code"] == "conflict"
    office.clock.pass_by(seconds=1)
    changed = office.ask("PUT", f"/approvals/{email}", admin, {"notes": "for good"}).get_json()
    assert (changed["expires_at"], changed["metadata"], changed["holds"]) == (None, {"notes": "for good"}, True)
    assert get(office, admin, f"/approvals/{email}")["metadata"] == {"notes": "for good"}
    office.clock.pass_by(seconds=1)
    assert office.ask("DELETE", f"/approvals/{email}", admin).status_code == 200
    for method in ("GET", "PUT", "DELETE"):
        gone = office.ask(method, f"/approvals/{email}", admin, {})
        assert (gone.status_code, gone.get_json()["error"]) == (404, "This email is not approved.")
    soon = office.ask("POST", "/approvals", admin, body | {"expires_at": "soon"})
    assert (soon.status_code, soon.get_json()["error"].split()[0]) == (400, "expires_at")
    assert office.ask("POST", "/approvals", admin, body | {"expires_at": "2001-01-31"}).status_code == 400
    events = office.events(f"email:{email}")
    assert [each["action"] for each in events] == ["approval_ended", "approval_given", "approval_given"]
    assert {each["actor"] for each in events} == {admin["user_id"]}
    assert events[0]["details"]["after"] is None
    assert events[1]["details"]["before"]["company"] == "Acme"


def test_a_version_that_is_old_changes_nothing(office: Office, admin: Me) -> None:
    """Two changes of one second, and an approval that has ended and was given anew, are others than what was seen."""
    path = f"/approvals/{(email := new_email())}"
    seen = office.ask("POST", "/approvals", admin, {"email": email, "notes": "Demo"}).get_json()["version"]
    newer = office.ask("PUT", path, admin, {"expires_at": "2099-01-31", "version": seen}).get_json()["version"]
    refused = office.ask("PUT", path, admin, {"notes": "Acme", "version": seen})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "conflict")
    assert get(office, admin, path)["version"] == newer
    assert office.ask("DELETE", path, admin).status_code == 200
    assert office.ask("POST", "/approvals", admin, {"email": email}).status_code == 201
    assert office.ask("PUT", path, admin, {"version": newer}).status_code == 409
    assert office.ask("PUT", path, admin, {"version": ""}).status_code == 409
    for odd in (1, "x" * 101, ["x"]):
        assert office.ask("PUT", path, admin, {"version": odd}).status_code == 400
    assert office.ask("PUT", path, admin, {"version": None}).status_code == 200
    office.deps.approved_emails.put({"email": email, "approvedBy": "by hand"})
    seen = get(office, admin, path)["version"]
    office.deps.approved_emails.put({"email": email, "approvedBy": "by hand", "expiresAt": 4102444800})
    assert office.ask("PUT", path, admin, {"version": seen}).status_code == 409
    seen = get(office, admin, path)["version"]
    assert office.ask("PUT", path, admin, {"version": seen}).status_code == 200


ODD = (
    {"expiresAt": 10**100},
    {"approvedAt": None},
    {"approvedAt": True, "metadata": ["x"]},
    {"expiresAt": "", "approvedBy": {"a": b"\x00"}},
)


@pytest.mark.parametrize("act", ["PUT", "DELETE", "import", "remove"])
@pytest.mark.parametrize("odd", [{}, *ODD], ids=str)
def test_what_was_written_by_hand_can_be_changed_and_ended(office: Office, admin: Me, act: str, odd: Any) -> None:
    """Whatever it says: nobody is let in who cannot be shut out."""
    email = new_email()
    office.deps.approved_emails.put({"email": email, "metadata": {"n": Decimal("1.5")}, "version": 7, **odd})
    if act == "import":
        answer = office.ask("POST", "/approvals/import", admin, {"csv": f"email\n{email}\n"})
        assert answer.get_json()["approved"] == [email]
    elif act == "remove":
        assert office.flask("approvals", "remove", email).exit_code == 0
    else:
        version = get(office, admin, f"/approvals/{email}")["version"]
        body = {"version": version} if act == "PUT" else None
        assert office.ask(act, f"/approvals/{email}", admin, body).status_code == 200


@pytest.mark.parametrize("act", ["PUT", "DELETE"])
def test_what_an_event_says_of_before_is_what_was_there(office: Office, admin: Me, act: str) -> None:
    """Somebody else changes an approval between our look at it and our write: theirs is what ours has replaced."""
    path = f"/approvals/{(email := new_email())}"
    office.ask("POST", "/approvals", admin, {"email": email, "notes": "ours"})
    office.clock.pass_by(seconds=1)
    meanwhile = [lambda: approve(office.deps, email, "them", metadata={"notes": "theirs"})]

    def crossing(request: Any, _: Any) -> None:
        if b"TransactItems" in request.body and meanwhile:
            meanwhile.pop()()

    border.at(office.deps.gateway._client, then=crossing)
    assert office.ask(act, path, admin, {"notes": "ours again"} if act == "PUT" else None).status_code == 200
    ours, first = [each for each in office.events(f"email:{email}") if each["actor"] == admin["user_id"]]
    assert (first["details"]["before"], ours["details"]["before"]["notes"]) == (None, "theirs")


@pytest.mark.parametrize("name", ["approvedAt", "approvedBy", "expiresAt", "metadata"])
def test_whatever_is_said_of_an_approval_tells_it_from_another(office: Office, admin: Me, name: str) -> None:
    """Somebody changes one thing alone by hand, or adds what was not there: what is on record of before is that."""
    email, other = new_email(), {"approvedAt": 1, "approvedBy": "them", "expiresAt": 4102444800, "metadata": {"x": "y"}}
    for item in ({"email": email}, {"email": email, name: {"approvedAt": 2}.get(name)}):
        office.deps.approved_emails.put(item)
        changed = {**item, name: other[name]}
        meanwhile = [lambda changed=changed: build(office.deps.config).approved_emails.put(changed)]

        def crossing(request: Any, _: Any, meanwhile: Any = meanwhile) -> None:
            if b"TransactItems" in request.body and meanwhile:
                meanwhile.pop()()

        border.at(office.deps.gateway._client, then=crossing)
        version = get(office, admin, f"/approvals/{email}")["version"]
        assert office.ask("PUT", f"/approvals/{email}", admin, {"version": version}).status_code == 409
        assert office.deps.approved_emails.get({"email": email}) == changed


def test_two_who_approve_an_email_at_once(office: Office, admin: Me) -> None:
    """One does; the other hears that it is approved already."""
    email = new_email()
    meanwhile = [lambda: approve(build(office.deps.config), email, "them")]

    def crossing(request: Any, _: Any) -> None:
        if b"TransactItems" in request.body and meanwhile:
            meanwhile.pop()()

    border.at(office.deps.gateway._client, then=crossing)
    answer = office.ask("POST", "/approvals", admin, {"email": email})
    assert (answer.status_code, "approved already" in answer.get_json()["error"]) == (409, True)
    assert get(office, admin, f"/approvals/{email}")["approved_by"] == "them"


@pytest.mark.parametrize("said", [{"b": 1, "a": 2}, {"x", "y", "z"}, {1, 2}], ids=["map", "texts", "numbers"])
def test_a_version_is_of_what_is_said_and_not_of_its_order(said: Any) -> None:
    """Maps and sets come in any order."""
    turned = dict(reversed(said.items())) if isinstance(said, dict) else _Turned(said)
    versions = {from_item({"email": "a@b.example", "metadata": {"is": each}}).version for each in (said, turned)}
    assert len(versions) == 1


class _Turned(set[Any]):
    """A set that comes the other way round."""

    def __iter__(self) -> Iterator[Any]:
        return iter(sorted(super().__iter__(), reverse=True))


@pytest.mark.parametrize("act", ["PUT", "DELETE"])
def test_who_is_crossed_again_and_again_looks_again(office: Office, admin: Me, act: str) -> None:
    """It is theirs to decide what becomes of an approval that is another each time; nothing of theirs is done."""
    path = f"/approvals/{(email := new_email())}"
    office.ask("POST", "/approvals", admin, {"email": email, "notes": "ours"})
    other, numbers = replace(build(office.deps.config), clock=office.clock), iter(range(2))

    def crossing(request: Any, _: Any) -> None:
        if b"TransactItems" in request.body and (number := next(numbers, None)) is not None:
            approve(other, email, "them", metadata={"notes": f"theirs {number}"})

    border.at(office.deps.gateway._client, then=crossing)
    answer = office.ask(act, path, admin, {"notes": "ours again"} if act == "PUT" else None)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "conflict")
    assert get(office, admin, path)["metadata"] == {"notes": "theirs 1"}


def test_an_id_that_looks_like_an_email(office: Office, admin: Me) -> None:
    """Who was moved here by such an id is who is seen and acted on, whoever has that email."""
    named, other = office.someone(), office.someone()
    item = office.deps.users.get({"user_id": named["user_id"]})
    assert item is not None
    office.deps.users.put({**item, "user_id": other["email"]})
    seen = get(office, admin, f"/users/{other['email']}")["user"]
    assert (seen["user_id"], seen["email"]) == (other["email"], named["email"])
    assert get(office, admin, f"/users?q={other['email']}")["user"]["user_id"] == other["user_id"], "a search"
    assert get(office, admin, f"/users/{named['email']}", 404)["code"] == "not_found"


def test_a_search_for_what_is_longer_than_any_email(office: Office, admin: Me) -> None:
    """Nothing is found, and DynamoDB, which refuses so long a key, is not asked."""
    store = border.at(office.deps.gateway._client)
    for search in ("\N{DECIDUOUS TREE}" * 320, "@" + "\N{DECIDUOUS TREE}" * 319):
        assert get(office, admin, f"/approvals?search={search}") == {"approvals": [], "cursor": None}
        assert not [each for each in store.requests if search[1:] in str(each)]


def test_an_import_has_time_for_all_of_its_rows(ministack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row may wait for the store as long as a request may; the request counts what all of them have spent."""
    office = opened(ministack)
    calls = border.at(office.deps.gateway._client).requests
    monkeypatch.setattr(office.deps.gateway, "_clock", lambda: len(calls))  # each takes a second
    text = "email\n" + "".join(f"p{number}@many.example\n" for number in range(9))
    with ledger.keep("an import") as spent:
        imported = import_approvals(office.deps, BOSS, text)
    assert (len(imported.approved), imported.faults) == (9, ())
    assert (spent.trips, spent.waited) == (18, 2), "the longest of its rows"


@pytest.mark.parametrize("sign", ["{}/b", "/{}", "{}//b", "{}/", "{}/end", "{}%2fb", "{}?b", "{}#b"])
def test_an_approval_of_an_email_with_any_sign_is_changed_and_ended(office: Office, admin: Me, sign: str) -> None:
    """Emails may have slashes and more: none of them is one that can be let in and not be shut out."""
    email = f"{sign.format(new_email().partition('@')[0])}@example.com"
    path = f"/approvals/{quote(email, safe='')}"
    assert office.ask("POST", "/approvals", admin, {"email": email}).status_code == 201
    assert office.ask("PUT", path, admin, {"notes": "until Monday"}).get_json()["email"] == email
    assert get(office, admin, path)["metadata"] == {"notes": "until Monday"}
    assert office.ask("DELETE", path, admin).get_json()["email"] == email
    assert office.deps.approved_emails.find(email) is None


def test_approvals_are_listed_and_searched(office: Office, admin: Me) -> None:
    """By email, page by page; by their beginning, their domain, or whole."""
    domain = f"{admin['user_id'][:8]}.example"
    emails = [f"{name}@{domain}" for name in ("ada", "adam", "bob")]
    for email in emails:
        office.deps.approved_emails.put(to_item(Approval(email=email, approved_by="x", approved_at=office.clock())))

    def listed(query: str) -> list[str]:
        return [each["email"] for each in get(office, admin, f"/approvals?{query}")["approvals"]]

    assert listed(f"search=@{domain}") == emails
    assert listed(f"search={emails[1].upper()}") == [emails[1]]
    assert listed(f"search=ada@{domain[:4]}") == [emails[0]]
    assert listed(f"search=nobody@{domain}") == []
    assert set(emails) <= set(listed("limit=200"))
    assert listed("search=@") == listed("search=%20@%20") == listed("")
    first = get(office, admin, f"/approvals?search=@{domain}&limit=2")
    assert [each["email"] for each in first["approvals"]] == emails[:2]
    assert listed(f"search=@{domain}&limit=2&cursor={first['cursor']}") == emails[2:]
    assert get(office, admin, f"/approvals?search=ada&cursor={first['cursor']}", 400)["code"] == "invalid_cursor"


def test_rows_that_are_wrong_are_told_and_the_others_land(office: Office, admin: Me) -> None:
    """Two bad rows of four; a CSV that is none, and one that is too long, change nothing."""
    good = [new_email(), new_email()]
    text = (
        f"\ufeffemail,expires_at,approved_by\n{good[0]},,\nnobody,,\n{good[1]},2099-01-01,sales\n{good[0]},soon,\n,,\n"
    )
    said = office.ask("POST", "/approvals/import", admin, {"csv": text}).get_json()
    assert said["approved"] == good
    assert [each["where"] for each in said["faults"]] == ["line 3", "line 5", "line 6"]
    assert said["faults"][0]["problem"] == "email is not an email address"
    assert get(office, admin, f"/approvals/{good[1]}")["approved_by"] == "sales"
    said = office.ask("POST", "/approvals/import", admin, {"csv": "email\nj\ufffdrgen@example.com\n"}).get_json()
    assert (said["approved"], [each["problem"] for each in said["faults"]]) == ([], ["it is not UTF-8"])
    for wrong in ("name\nann\n", "email\n" + "ann@example.com\n" * 501):
        assert office.ask("POST", "/approvals/import", admin, {"csv": wrong}).status_code == 400


def test_an_import_ends_where_the_store_does_not_answer(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next rows would fare no better; whoever sends it again changes nothing that has landed."""
    deps = replace(office.deps, approved_emails=ApprovedEmails(office.deps.gateway, "panzoto-nowhere"))
    monkeypatch.setattr(office.deps.gateway, "_deadline", 0.0)
    with pytest.raises(StoreUnavailable):
        import_approvals(deps, BOSS, "email\nann@example.com\n")


# ── audit ───────────────────────────────────────────────────────────────────────────────────────────────────────
def pages(office: Office, me: Me, query: str, limit: int) -> list[Any]:
    """Every event of a list, page by page."""
    found, cursor = [], ""
    while True:
        page = get(office, me, f"/audit?{query}&limit={limit}{cursor}")
        found += page["events"]
        if page["cursor"] is None:
            return found
        cursor = f"&cursor={page['cursor']}"


@pytest.mark.parametrize("limit", [2, 200])
def test_events_are_read_newest_first(office: Office, support: Me, limit: int) -> None:
    """By subject, by actor and of one kind, across days, whatever the pages: none twice and none missing."""
    who, kind = f"s-{support['user_id']}-{limit}", f"a{limit}-{support['user_id'][:8]}"
    for number in range(10):
        happened(office, who, kind if number % 2 else "other", timedelta(days=number % 3, seconds=number), actor="me")
    for number in range(3):
        happened(office, f"{who}-own", kind, timedelta(days=2 * number))
        happened(office, "elsewhere", kind, timedelta(seconds=number), actor=f"{who}-own")
    by_subject = pages(office, support, f"subject={who}", limit)
    assert len(by_subject) == 10
    by_actor = pages(office, support, f"actor={who}-own", limit)
    assert len(by_actor) == 6
    lately = (office.clock() - timedelta(days=5)).date().isoformat()
    of_kind = pages(office, support, f"action={kind}&since={lately}", max(limit, 7))
    assert len(of_kind) == 11
    assert len(pages(office, support, f"subject={who}&action={kind}&actor=me", limit)) == 5
    for found in (by_subject, by_actor, of_kind):
        times = [each["at"] for each in found]
        assert times == sorted(times, reverse=True)


def test_events_between_two_times(office: Office, support: Me) -> None:
    """Both with them; what is older than is kept is not looked for."""
    who = f"t-{support['user_id']}"
    for days in range(5):
        happened(office, who, "x", timedelta(days=days))
    day = (office.clock() - timedelta(days=1)).date().isoformat()
    until = (office.clock() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    since = (office.clock() - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert len(get(office, support, f"/audit?subject={who}&since={since}&until={until}")["events"]) == 3
    assert get(office, support, f"/audit?since={since}&until=2001-01-01", 400)["code"] == "invalid_request"
    assert get(office, support, "/audit?until=2001-01-01")["events"] == []
    for name in ("since", "until"):
        refused = get(office, support, f"/audit?{name}=2026-02-31", 400)
        assert (refused["code"], refused["error"].split(" must")[0]) == ("invalid_request", name)
    assert get(office, support, f"/audit?since={day}x", 400)["code"] == "invalid_request"


def test_a_quiet_list_says_how_far_back_it_was_looked(office: Office, support: Me) -> None:
    """A page looks back ten days at most, and its cursor goes on from there."""
    page = get(office, support, "/audit?until=2026-01-31&action=nothing&since=2026-01-01")
    assert page["events"] == []
    assert page["cursor"]
    assert page["back_to"].startswith("2026-01-22")


# ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────────
def figures(office: Office, me: Me) -> Any:
    """The figures, when what was counted is written."""
    office.deps.later.finish()
    office.deps.tally.give()
    return get(office, me, "/figures?days=3")


def test_what_happens_is_counted(office: Office, support: Me) -> None:
    """Sign-ins and failures by method, messages, sessions, recordings, units and what they cost."""
    before = figures(office, support)
    me = office.someone()
    office.login(me)
    office.post("/login", {"email": me["email"], "password": "wrong one"})
    path = f"audio/{me['user_id']}/a"
    file = AudioFile(
        file_id=me["user_id"], user_id=me["user_id"], s3_key=path, file_size=70, uploaded_at=office.clock()
    )
    office.deps.audio_files.record(file, None)
    after = figures(office, support)
    old, new = before["days"][-1], after["days"][-1]
    assert new["sign_ins"]["pwd"] - old["sign_ins"]["pwd"] == 2
    assert new["failures"]["pwd"] - old["failures"].get("pwd", 0) == 1
    assert new["messages"]["email"] - old["messages"]["email"] >= 1
    assert new["writes"] > old["writes"]
    assert new["reads"] > old["reads"]
    assert new["dollars"] == pytest.approx((new["reads"] * 0.125 + new["writes"] * 0.625) / 10**6)
    assert after["active_sessions"] - before["active_sessions"] == 2
    assert (after["audio_files"] - before["audio_files"], after["audio_bytes"] - before["audio_bytes"]) == (1, 70)
    assert [each["audio_bytes"] for each in after["days"]] == [0, 0, after["audio_bytes"]]
    user = office.user(me)
    assert (user.audio_files, user.audio_bytes) == (1, 70)
    office.deps.audio_files.begin_deletion(file, office.clock())
    office.post("/logout", token=me["token"])
    last = figures(office, support)
    assert (last["audio_bytes"], last["active_sessions"]) == (before["audio_bytes"], after["active_sessions"] - 1)
    assert (office.user(me).audio_files, office.user(me).audio_bytes) == (0, 0)
    assert len(last["days"]) == 3
    seen = overview(office.deps, BOSS, 3)
    assert seen.days[-1].sessions_begun == sum(seen.days[-1].sign_ins.values())
    assert "pwd" in seen.methods
    assert BOSS.is_admin


def test_what_nobody_could_take_is_counted_on(office: Office, support: Me) -> None:
    """Where the store does not answer the counts wait; what it refuses, and somebody who is gone, is forgotten."""
    tally = office.deps.tally
    before = figures(office, support)["days"][-1]["sign_ins"].get("test", 0)
    taken = tally._give

    def failing(about: str, amounts: Any) -> None:
        raise StoreUnavailable

    tally.count("in#test", 2)
    tally.count("audio_files", 1, about="USER#nobody")
    tally.goes_to(failing)
    tally.give()
    assert tally._counts["USER#nobody"] == {"audio_files": 1}
    tally.goes_to(taken)
    tally.count("in#test", 1, about=f"{DAY}nonsense")
    assert figures(office, support)["days"][-1]["sign_ins"]["test"] == before + 2
    assert not {"USER#nobody", f"{DAY}nonsense"} & tally._counts.keys()


def test_a_count_is_given_away_soon_and_an_idle_process_rests() -> None:
    """The first count begins it; what giving costs is kept for the next time, and begins nothing."""
    tally, given, done = Tally(0.01), list[tuple[str, Any]](), Event()

    def give(about: str, amounts: Any) -> None:
        given.append((about, dict(amounts)))
        tally.count("writes")
        done.set()

    tally.count("before")  # nobody takes it yet
    tally.goes_to(give)
    assert done.wait(10)
    assert given == [(TODAY, {"before": 1})]
    assert tally._counts == {TODAY: {"writes": 1}}
    assert not tally._is_due


def test_where_nothing_is_to_be_written_nothing_is_counted(ministack: str) -> None:
    """`FIGURES_SECONDS=0` keeps nothing for the end of the process either."""
    office = opened(ministack, figures_seconds=0)
    office.someone()
    office.deps.tally.give()
    today = office.clock().date()
    kept = office.deps.figures.between(today, today)
    assert (kept.days, kept.total) == ({}, {})


@pytest.mark.parametrize("query", ["subject=", "actor=", "action=", "subject=&action=login"])
def test_an_empty_question_is_refused(office: Office, support: dict[str, Any], query: str) -> None:
    """An empty subject, actor or action is refused: no event is of it, and no key can be."""
    answer = office.ask("GET", f"/audit?{query}", support)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")
