"""Changing a password, forgetting it, and what becomes of the recordings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from limits import changed as limits_of
from panzoto.crypto import keys
from panzoto.flows import _devices
from tests.support import border

from .conftest import PASSWORD, Service, new_email

NEW = "a brand new one 42"


def audio_key(service: Service, signed_in: dict[str, Any], password: str) -> bytes:
    """The audio key as the app unwraps it."""
    derived = service.deps.password_keys.derive(password, bytes.fromhex(signed_in["key_salt"]), signed_in["kdf"])
    return keys.unwrap(signed_in["wrapped_audio_key"], derived, signed_in["user_id"])


def test_a_change_keeps_the_audio_key(service: Service) -> None:
    """After a change the new password opens the same audio key, and signs in; the old one does neither."""
    me = service.register()
    before = audio_key(service, me, PASSWORD)
    body = {"current_password": PASSWORD, "new_password": NEW}
    changed = service.post("/password/change", body, token=me["token"])
    assert changed.status_code == 200
    assert audio_key(service, changed.get_json(), NEW) == before
    assert service.post("/login", {"email": me["email"], "password": PASSWORD}).status_code == 401
    assert service.post("/login", {"email": me["email"], "password": NEW}).status_code == 200


def test_a_change_ends_every_other_session(service: Service) -> None:
    """Whoever was signed in is out; the device that changed the password has a new session."""
    me = service.register()
    other = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
    body = {"current_password": PASSWORD, "new_password": NEW}
    fresh = service.post("/password/change", body, token=me["token"]).get_json()
    for old in (me, other):
        assert service.get("/me", token=old["token"]).status_code == 401
        assert service.post("/refresh", {"refresh_token": old["refresh_token"]}).status_code == 401
    assert service.get("/me", token=fresh["token"]).status_code == 200


def test_a_change_forgets_other_devices(service: Service) -> None:
    """Whoever signed in by the old password is a stranger from there on, also when only known devices may sign in."""
    me = service.register(device_id="the-owners")
    service.post("/login", {"email": me["email"], "password": PASSWORD, "device_id": "the-thiefs"})
    body = {"current_password": PASSWORD, "new_password": NEW, "device_id": "the-owners"}
    assert service.post("/password/change", body, token=me["token"]).status_code == 200
    user = service.deps.users.find(me["user_id"])
    assert (_devices.is_known(user, "the-owners"), _devices.is_known(user, "the-thiefs")) == (True, False)
    nowhere = {"current_password": NEW, "new_password": PASSWORD}
    signed_in = service.post("/login", {"email": me["email"], "password": NEW}).get_json()
    assert service.post("/password/change", nowhere, token=signed_in["token"]).status_code == 200
    assert not _devices.is_known(service.deps.users.find(me["user_id"]), "the-owners")


def test_a_change_asks_for_the_current_password(service: Service) -> None:
    """A wrong one is 401, counted, and changes nothing."""
    me = service.register()
    body = {"current_password": "not it, surely", "new_password": NEW}
    refused = service.post("/password/change", body, token=me["token"])
    assert (refused.status_code, refused.get_json()["code"]) == (401, "wrong_password")
    assert service.post("/login", {"email": me["email"], "password": PASSWORD}).status_code == 200


def test_guesses_at_the_current_password_are_limited(service_for: Callable[..., Service]) -> None:
    """A stolen access token does not allow guessing the password."""
    service = service_for(rate_limits=limits_of("password.account=2/15m"))
    me = service.register()
    body = {"current_password": "not it, surely", "new_password": NEW}
    statuses = [service.post("/password/change", body, token=me["token"]).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


def test_a_weak_new_password_is_refused(service: Service) -> None:
    """The rules hold for a change as for a registration."""
    me = service.register()
    body = {"current_password": PASSWORD, "new_password": "password1"}
    assert service.post("/password/change", body, token=me["token"]).get_json()["code"] == "weak_password"


def test_a_change_is_told_by_mail(service: Service) -> None:
    """The owner hears of it, without any part of a password."""
    me = service.register()
    service.post("/password/change", {"current_password": PASSWORD, "new_password": NEW}, token=me["token"])
    newest = service.mails(me["email"])[0]
    assert "password" in newest["subject"].lower()
    assert NEW not in str(newest)


def test_forgot_answers_the_same_for_everybody(service: Service) -> None:
    """A known and an unknown email get the same answer, and one of them gets a mail."""
    me = service.register()
    service.mails(me["email"])
    unknown = new_email()
    answers = [service.post("/password/forgot", {"email": each}) for each in (me["email"], unknown)]
    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].get_json() == answers[1].get_json()
    assert "/reset/" in service.mails(me["email"])[0]["text"]
    assert service.mails(unknown) == []


def test_a_reset_with_the_recovery_key_keeps_the_audio_key(service: Service) -> None:
    """By the link and the recovery key, however it is typed, the new password opens the same audio key."""
    me = service.register()
    before = audio_key(service, me, PASSWORD)
    service.post("/password/forgot", {"email": me["email"]})
    typed = f" {me['recovery_key'].lower().replace('-', '  ')} "
    body = {"token": service.link(me["email"], "reset"), "new_password": NEW, "recovery_key": typed}
    answer = service.post("/password/reset", body)
    assert answer.status_code == 200
    assert "recovery_key" not in answer.get_json()
    assert audio_key(service, answer.get_json(), NEW) == before
    assert service.get("/me", token=me["token"]).status_code == 401


def test_a_reset_without_it_must_say_so(service: Service) -> None:
    """Without the recovery key the answer is 409, the link stays good, and saying so gives a new audio key."""
    me = service.register()
    before = audio_key(service, me, PASSWORD)
    service.post("/password/forgot", {"email": me["email"]})
    body = {"token": service.link(me["email"], "reset"), "new_password": NEW}
    refused = service.post("/password/reset", body)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "audio_decision_needed")
    answer = service.post("/password/reset", {**body, "abandon_audio": True})
    assert answer.status_code == 200
    assert answer.get_json()["recovery_key"] != me["recovery_key"]
    assert audio_key(service, answer.get_json(), NEW) != before
    user = service.deps.users.find(me["user_id"])
    assert user is not None
    assert user.audio_key is not None
    assert user.audio_key.version == 2


def test_a_wrong_recovery_key_spends_nothing(service: Service) -> None:
    """A typing error and another's key are told apart, and the link stays good."""
    me, other = service.register(), service.register()
    service.post("/password/forgot", {"email": me["email"]})
    body = {"token": service.link(me["email"], "reset"), "new_password": NEW}
    first = me["recovery_key"][0]
    mistyped = ("A" if first != "A" else "B") + me["recovery_key"][1:]
    for key, code in (
        (mistyped, "recovery_key_mistyped"),
        (other["recovery_key"], "key_rejected"),
        ("", "recovery_key_mistyped"),
    ):
        refused = service.post("/password/reset", {**body, "recovery_key": key})
        assert (refused.status_code, refused.get_json()["code"]) == (400, code)
    assert service.post("/password/reset", {**body, "recovery_key": me["recovery_key"]}).status_code == 200


def test_a_link_works_once(service: Service) -> None:
    """The second use is refused, and so is an older link after a newer one was used."""
    me = service.register()
    service.post("/password/forgot", {"email": me["email"]})
    older = service.link(me["email"], "reset")
    service.post("/password/forgot", {"email": me["email"]})
    newer = service.link(me["email"], "reset")
    body = {"new_password": NEW, "abandon_audio": True}
    assert service.post("/password/reset", {**body, "token": newer}).status_code == 200
    for spent in (newer, older):
        assert service.post("/password/reset", {**body, "token": spent}).get_json()["code"] == "link_invalid"


def test_a_link_expires(service: Service) -> None:
    """After half an hour a link is refused, though its item may still be there."""
    me = service.register()
    service.post("/password/forgot", {"email": me["email"]})
    token = service.link(me["email"], "reset")
    service.clock.pass_by(minutes=30)
    body = {"token": token, "new_password": NEW, "abandon_audio": True}
    assert service.post("/password/reset", body).get_json()["code"] == "link_invalid"


@pytest.mark.parametrize("token", ["x", "tok_x.y", "tok_" + "A" * 22 + "." + "B" * 22, "a" * 512, "ž.ž", "../x"])
def test_an_invented_link_is_refused(service: Service, token: str) -> None:
    """What we did not send is refused, whatever it looks like."""
    body = {"token": token, "new_password": NEW, "abandon_audio": True}
    assert service.post("/password/reset", body).get_json()["code"] == "link_invalid"


def test_a_link_of_another_purpose_is_refused(service: Service) -> None:
    """The link that verifies an email resets no password, and the other way round."""
    me = service.register()
    verify = service.link(me["email"], "verify")
    body = {"token": verify, "new_password": NEW, "abandon_audio": True}
    assert service.post("/password/reset", body).get_json()["code"] == "link_invalid"
    service.post("/password/forgot", {"email": me["email"]})
    reset = service.link(me["email"], "reset")
    assert service.post("/email/verify", {"token": reset}).get_json()["code"] == "link_invalid"


def test_mails_of_one_account_are_limited_in_silence(service_for: Callable[..., Service]) -> None:
    """Nobody floods a mailbox, and nobody learns from a 429 that it exists."""
    service = service_for(rate_limits=limits_of("forgot.account=1/15m"))
    me = service.register()
    before = len(service.mails(me["email"]))
    assert [service.post("/password/forgot", {"email": me["email"]}).status_code for _ in range(3)] == [202] * 3
    assert len(service.mails(me["email"])) == before + 1


def test_forgotten_passwords_of_one_address_are_limited(service_for: Callable[..., Service]) -> None:
    """Whosever they would be: past the limit nobody is looked up and nothing is sent."""
    service = service_for(rate_limits=limits_of("forgot.address=2/1h"))
    emails = [service.register()["email"] for _ in range(3)]
    assert [service.post("/password/forgot", {"email": each}).status_code for each in emails] == [202, 202, 429]
    assert not [each for each in service.mails(emails[2]) if "/reset/" in each["text"]]


def test_the_item_of_a_link_holds_no_secret(service: Service) -> None:
    """Whoever reads the table cannot follow the link."""
    me = service.register()
    service.post("/password/forgot", {"email": me["email"]})
    token_id, _, secret = service.link(me["email"], "reset").partition(".")
    item = service.deps.one_use_tokens.get({"tokenId": token_id})
    assert item is not None
    assert (item["tokenType"], item["used"], item["usedAt"]) == ("password_reset", False, None)
    assert secret not in str(item)


def test_a_new_recovery_key_replaces_the_old_one(service: Service) -> None:
    """Whoever knows the password gets a new recovery key for the same audio key; the old one opens nothing any more."""
    me = service.register()
    before = audio_key(service, me, PASSWORD)
    refused = service.post("/recovery-key", {"current_password": "not it, surely"}, token=me["token"])
    assert refused.status_code == 401
    made = service.post("/recovery-key", {"current_password": PASSWORD}, token=me["token"]).get_json()["recovery_key"]
    service.post("/password/forgot", {"email": me["email"]})
    body = {"token": service.link(me["email"], "reset"), "new_password": NEW}
    old = service.post("/password/reset", {**body, "recovery_key": me["recovery_key"]})
    assert old.get_json()["code"] == "key_rejected"
    reset = service.post("/password/reset", {**body, "recovery_key": made, "device_id": "my-phone"}).get_json()
    assert audio_key(service, reset, NEW) == before
    assert [each for each in service.mails(me["email"]) if each["subject"] == "You have a new recovery key"]
    user = service.deps.users.find(me["user_id"])
    assert user is not None
    assert len(user.devices) == 1


def test_a_recovery_key_that_cannot_be_put_on_record_is_not_made(service: Service) -> None:
    """While the audit is away the old key goes on opening: nobody is left with a key that opens nothing."""
    me = service.register()
    store = border.at(service.deps.gateway._client)

    def away(request: AWSPreparedRequest, _: border.Send) -> AWSResponse | None:
        is_audit = service.deps.config.audit_events_table in str(request.body)
        return border.refuses("InternalServerError", 500)(request, _) if is_audit else None

    store.expect(then=away)
    assert service.post("/recovery-key", {"current_password": PASSWORD}, token=me["token"]).status_code == 503
    store.expect()
    service.post("/password/forgot", {"email": me["email"]})
    body = {"token": service.link(me["email"], "reset"), "new_password": NEW, "recovery_key": me["recovery_key"]}
    assert service.post("/password/reset", body).status_code == 200


def test_another_secret_under_a_right_id_is_refused(service: Service) -> None:
    """Knowing a link's id, which the table shows, is not knowing the link."""
    me = service.register()
    service.post("/password/forgot", {"email": me["email"]})
    token_id, _, secret = service.link(me["email"], "reset").partition(".")
    body = {"new_password": NEW, "abandon_audio": True}
    wrong = service.post("/password/reset", {**body, "token": f"{token_id}.{secret[::-1]}"})
    assert (wrong.status_code, wrong.get_json()["code"]) == (400, "link_invalid")
    assert service.post("/password/reset", {**body, "token": f"{token_id}.{secret}"}).status_code == 200
