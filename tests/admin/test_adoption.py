"""`flask users adopt`: people whom the code of the seeds wrote here get the claim of their email, and sign in."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from panzoto.deps import build
from panzoto.models.store.expressions import Change
from panzoto.models.store.wire import Item

from .conftest import PASSWORD, Office, new_email, opened
from .seed import AT, SALT, AudioFile, adopted, claimed_by, save, seeded

PHONE = "their phone number is not claimed, and only a code to it may do that: take it from the item"


@pytest.fixture
def office(ministack: str) -> Office:
    """A service of this test alone: the command looks at everybody."""
    return opened(ministack)


def everything(office: Office) -> list[Item]:
    """All that stands in the tables of people, claims and events."""
    deps = build(office.deps.config, operator=True)
    found = [item for table in (deps.users, deps.emails, deps.audit) for item in table.scan()]
    return [item for item in found if item.get("PK") != "FIGURES"]


def made_at(office: Office, me: dict[str, Any]) -> datetime:
    """When an account was made, as its owner is told."""
    return datetime.fromisoformat(office.get("/me", token=me["token"]).get_json()["user"]["created_at"])


def login(office: Office, email: str) -> dict[str, Any] | None:
    """What a sign-in by the old address answers, if it lets somebody in."""
    answer = office.http.post("/api/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code in {200, 401}
    return answer.get_json() if answer.status_code == 200 else None


def test_whom_the_seed_has_registered_signs_in(office: Office) -> None:
    """By the password and salt of before, to their recordings, newest first; nobody else can have the email."""
    email = new_email()
    seeded(office, "usr_old", email)
    for number in (1, 2):
        at = AT.replace(tzinfo=None) + timedelta(days=number)
        save(office.deps, AudioFile(f"f{number}", "usr_old", f"users/usr_old/{number}.3gp", 7 * number or None, at))
    assert login(office, email) is None
    assert adopted(office) == (0, ["1 adopted, 0 already claimed, 0 not adopted.", "usr_old: adopted."], [])
    me = login(office, email)
    assert me is not None
    assert (me["user_id"], me["key_salt"], me["user"]["email"]) == ("usr_old", SALT.hex(), email)
    assert made_at(office, me) == AT
    bearer = {"Authorization": f"Bearer {me['token']}"}
    files = office.http.get("/api/user/audio-files", headers=bearer).get_json()["audio_files"]
    assert [(each["file_id"], each["file_size"]) for each in files] == [("f2", 14), ("f1", 7)]
    assert datetime.fromisoformat(files[1]["uploaded_at"]) == AT + timedelta(days=1)
    assert office.post("/register", {"email": email.upper(), "password": PASSWORD}).status_code == 409
    assert login(office, email) is not None


def test_an_adoption_is_on_record(office: Office) -> None:
    """As every act of an operator: by whom, and what was before and after."""
    seeded(office, "usr_old", "Old@Example.com")
    adopted(office)
    (event,) = office.events("usr_old")
    assert (event["action"], event["actor"]) == ("adopted", f"operator:{event['details']['by']}")
    assert event["details"]["before"] == {"email": "Old@Example.com"}
    assert event["details"]["after"] == {"email": "old@example.com"}


def test_whom_the_seeds_script_has_moved_signs_in(office: Office) -> None:
    """Of an email as it was typed, a time with a zone, no hash and no salt the email is mended; a link lets them in."""
    here = AT.astimezone(timezone(timedelta(hours=2)))
    seeded(office, "17", "  Old@EXAMPLE.com", password_hash=None, key_salt=None, created_at=here)
    assert adopted(office)[0] == 0
    item = office.deps.users.get({"user_id": "17"}) or {}
    assert item["email"] == "old@example.com"
    assert not {"password_hash", "key_salt"} & set(item)
    office.post("/password/forgot", {"email": "old@example.com"})
    reset = {"token": office.link("old@example.com", "reset"), "new_password": PASSWORD, "abandon_audio": True}
    assert office.post("/password/reset", reset).status_code == 200
    me = login(office, "old@example.com")
    assert me is not None
    assert (me["user_id"], len(me["key_salt"])) == ("17", 64)
    assert made_at(office, me) == AT


def test_a_dry_run_only_tells(office: Office) -> None:
    """What would be done and what would not; nothing is written, and the exit code is that of the run."""
    seeded(office, "usr_a", "a@example.com")
    would = ["1 would be adopted, 0 already claimed, 0 not adopted.", "usr_a: would be adopted."]
    assert adopted(office, "--dry-run") == (0, would, [])
    seeded(office, "usr_b", "B@example.com")
    seeded(office, "usr_c", "b@example.com")
    seeded(office, "usr_d", "no email")
    before = everything(office)
    code, said, wrong = adopted(office, "--dry-run")
    assert (code, said[0]) == (1, "1 would be adopted, 0 already claimed, 3 not adopted.")
    assert [each.partition(":")[0] for each in wrong] == ["Error", "usr_b", "usr_c", "usr_d"]
    assert everything(office) == before


def test_nobody_who_is_in_order_is_touched(office: Office) -> None:
    """Our own people, those without an email, and those who are being deleted; a second run finds nothing to do."""
    me = office.someone()
    office.deps.users.put({"user_id": "usr_phone", "created_at_iso": AT.isoformat()})
    office.deps.users.put(
        {"user_id": "usr_gone", "created_at_iso": AT.isoformat(), "email": "g@b.de", "deleting_at": 1}
    )
    seeded(office, "usr_old", "old@example.com")
    before = office.user(me)
    assert adopted(office)[1][0] == "1 adopted, 1 already claimed, 0 not adopted."
    after = everything(office)
    assert adopted(office) == (0, ["0 adopted, 2 already claimed, 0 not adopted."], [])
    assert (everything(office), office.user(me)) == (after, before)
    assert claimed_by(office, "g@b.de") is None


def test_who_cannot_be_adopted_is_named(office: Office) -> None:
    """By the id alone, with the reason; the others are adopted, and a later run says the same."""
    me = office.someone(email="mine@example.com")
    seeded(office, "usr_ok", "ok@example.com")
    seeded(office, "usr_taken", "Mine@Example.com")
    seeded(office, "usr_twin_a", "twin@example.com")
    seeded(office, "usr_twin_b", "Twin@example.com")
    seeded(office, "usr_word", "seed")
    seeded(office, "usr_phone", "phone@example.com")
    office.deps.users.update({"user_id": "usr_phone"}, Change(set={"phone_number": "+14155550123"}))
    seeded(office, "usr_odd", "odd@example.com")
    office.deps.users.update({"user_id": "usr_odd"}, Change(remove=["created_at_iso"]))
    wrong = [
        "Error: 6 were not adopted; mend what is said of them, and run this again.",
        "usr_odd: not adopted: KeyError: 'created_at_iso'",
        f"usr_phone: not adopted: {PHONE}",
        f"usr_taken: not adopted: the email belongs to {me['user_id']} already",
        "usr_twin_a: not adopted: usr_twin_b has the same email",
        "usr_twin_b: not adopted: usr_twin_a has the same email",
        "usr_word: not adopted: email is not an email address",
    ]
    summary = "1 adopted, 1 already claimed, 6 not adopted."
    assert adopted(office) == (1, [summary, "usr_ok: adopted."], wrong)
    assert adopted(office) == (1, ["0 adopted, 2 already claimed, 6 not adopted."], wrong)
    assert login(office, "twin@example.com") is None


def test_who_is_mended_is_adopted(office: Office) -> None:
    """A phone number that is theirs is no obstacle, and of two with one email the one that is left has it."""
    number = "+14155550123"
    seeded(office, "usr_phone", "phone@example.com")
    office.deps.users.update({"user_id": "usr_phone"}, Change(set={"phone_number": number}))
    office.deps.phones.put({"PK": f"USER#{number}", "SK": "METADATA", "user_id": "usr_phone"})
    seeded(office, "usr_twin_a", "twin@example.com")
    seeded(office, "usr_twin_b", "twin@example.com")
    assert adopted(office)[1] == ["1 adopted, 0 already claimed, 2 not adopted.", "usr_phone: adopted."]
    office.deps.users.delete_person("usr_twin_a")
    assert adopted(office) == (0, ["1 adopted, 1 already claimed, 0 not adopted.", "usr_twin_b: adopted."], [])


def test_many_are_adopted(office: Office) -> None:
    """More than one page of a scan, and more than one batch of claims."""
    people = [
        {"user_id": f"usr_{number:04}", "email": f"p{number}@example.com", "created_at_iso": AT.isoformat()}
        for number in range(205)
    ]
    for person in people:
        office.deps.users.put(person)
    assert adopted(office)[1][0] == "205 adopted, 0 already claimed, 0 not adopted."
    owners = office.deps.emails.owners(person["email"] for person in people)
    assert owners == {person["email"]: person["user_id"] for person in people}
