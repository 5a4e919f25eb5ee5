"""The recovery key: whether its owner has it, since the one answer that shows it may be lost."""

from __future__ import annotations

from typing import Any

import pytest

from panzoto.crypto import keys
from panzoto.crypto.recovery import recovery_wrapping_key
from tests.support import border

from .conftest import PASSWORD, Service
from .test_ended_sessions import before_the_write
from .test_passwords import NEW, audio_key

CONFIRM = "/recovery-key/confirm"
ANEW = {"current_password": PASSWORD}


def is_confirmed(service: Service, me: dict[str, Any]) -> bool:
    """What the next sign-in says of it."""
    found: dict[str, Any] = service.get("/me", token=me["token"]).get_json()["user"]
    return bool(found["recovery_key_confirmed"])


def test_whoever_types_it_has_it(service: Service) -> None:
    """However it was kept, and from then on every answer about the person says so."""
    me = service.register()
    assert me["user"]["recovery_key_confirmed"] is False
    typed = f" {me['recovery_key'].replace('-', ' ').lower()} "
    answer = service.post(CONFIRM, {"recovery_key": typed}, token=me["token"])
    assert (answer.status_code, answer.get_json()) == (200, {"status": "confirmed"})
    assert is_confirmed(service, me)
    again = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
    assert again["user"]["recovery_key_confirmed"]


def test_a_new_one_is_to_be_confirmed_anew(service: Service) -> None:
    """Nobody has shown it yet, and the old one shows nothing."""
    me = service.register()
    assert service.post(CONFIRM, {"recovery_key": me["recovery_key"]}, token=me["token"]).status_code == 200
    made = service.post("/recovery-key", {"current_password": PASSWORD}, token=me["token"]).get_json()["recovery_key"]
    assert not is_confirmed(service, me)
    old = service.post(CONFIRM, {"recovery_key": me["recovery_key"]}, token=me["token"])
    assert (old.status_code, old.get_json()["code"]) == (400, "key_rejected")
    assert service.post(CONFIRM, {"recovery_key": made}, token=me["token"]).status_code == 200
    assert is_confirmed(service, me)


def test_it_outlives_another_password(service: Service) -> None:
    """A change of the password is none of the recovery key, and whoever resets with it has it."""
    me = service.register()
    service.post("/password/forgot", {"email": me["email"]})
    body = {"token": service.link(me["email"], "reset"), "new_password": NEW, "recovery_key": me["recovery_key"]}
    me |= service.post("/password/reset", body).get_json()
    assert is_confirmed(service, me)
    change = {"current_password": NEW, "new_password": PASSWORD}
    me |= service.post("/password/change", change, token=me["token"]).get_json()
    assert is_confirmed(service, me)
    service.post("/password/forgot", {"email": me["email"]})
    body = {"token": service.link(me["email"], "reset"), "new_password": NEW, "abandon_audio": True}
    me |= service.post("/password/reset", body).get_json()
    assert not is_confirmed(service, me), "that is another key"


def test_an_export_has_what_it_opens(service: Service) -> None:
    """Whoever leaves with their sealed recordings can read them: with the recovery key, by the documented format."""
    me = service.register()
    exported = service.get("/export", token=me["token"]).get_json()["audio_key"]
    wrapping = recovery_wrapping_key(me["recovery_key"], me["user_id"])
    clear = keys.unwrap(exported["sealed_under_recovery_key"], wrapping, me["user_id"])
    assert clear == audio_key(service, me, PASSWORD)
    assert me["wrapped_audio_key"] not in str(exported), "at that a password could be tried"


def test_another_password_meanwhile_takes_nothing_back(service: Service) -> None:
    """A confirmation that crosses a change of the password is kept: the change writes nothing of it."""
    me = service.register()
    confirm = {"recovery_key": me["recovery_key"]}
    answers: list[int] = []
    store = border.at(service.deps.gateway._client)
    meanwhile = border.after(
        lambda: answers.append(service.post(CONFIRM, confirm, token=me["token"]).status_code), border.through
    )
    store.expect(border.through, border.through, meanwhile)  # the check, the charge, and the person
    change = {"current_password": PASSWORD, "new_password": NEW}
    changed = service.post("/password/change", change, token=me["token"])
    store.expect()
    assert (answers, changed.status_code) == ([200], 200)
    assert is_confirmed(service, changed.get_json())


@pytest.mark.parametrize("act", ["/recovery-key", "/password/change", "/password/reset"])
def test_one_that_was_made_meanwhile_opens_the_recordings(service: Service, act: str) -> None:
    """Whoever was just shown a recovery key keeps it: what has read the one before does not put that back."""
    me = service.register()
    body: dict[str, Any] = {**ANEW, "new_password": NEW} if act == "/password/change" else ANEW
    if act == "/password/reset":
        service.post("/password/forgot", {"email": me["email"]})
        link = service.link(me["email"], "reset")
        body = {"token": link, "new_password": NEW, "recovery_key": me["recovery_key"]}
    made: list[str] = []
    before_the_write(
        service,
        me,
        lambda: made.append(service.post("/recovery-key", ANEW, token=me["token"]).get_json()["recovery_key"]),
    )
    assert service.post(act, body, token=me["token"]).status_code in {400, 409}
    assert service.post(CONFIRM, {"recovery_key": made[0]}, token=me["token"]).status_code == 200
    assert service.post("/login", {"email": me["email"], "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("wrong", ["", "x" * 201, "not a key", "\x00", 5, None])
def test_what_is_no_recovery_key(service: Service, wrong: Any) -> None:
    """It is refused, and confirms nothing."""
    me = service.register()
    assert service.post(CONFIRM, {"recovery_key": wrong}, token=me["token"]).status_code == 400
    assert not is_confirmed(service, me)


def test_guesses_are_limited(service: Service) -> None:
    """As those of a password are."""
    me = service.register()
    wrong = {"recovery_key": me["recovery_key"][:-1] + ("A" if me["recovery_key"][-1] != "A" else "B")}
    said = [service.post(CONFIRM, wrong, token=me["token"]).status_code for _ in range(11)]
    assert said == [400] * 10 + [429]


def test_a_person_of_before_has_none_yet(service: Service) -> None:
    """Whoever was moved here and has not signed in by the password since has no key to confirm."""
    me = service.register()
    user = service.deps.users.find(me["user_id"])
    assert user is not None
    gone = dict.fromkeys(("audio_key_version", "recovery_wrapped_audio_key", "wrapped_audio_key", "kdf"))
    service.deps.users.change(user, service.clock(), gone)
    answer = service.post(CONFIRM, {"recovery_key": me["recovery_key"]}, token=me["token"])
    assert (answer.status_code, answer.get_json()["code"]) == (400, "key_rejected")
    assert not is_confirmed(service, me)
    assert service.get("/export", token=me["token"]).get_json()["audio_key"] is None
