"""The audio key of people without a password: handed out at each sign-in, and the same ever after."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest

from panzoto.crypto import keys
from panzoto.crypto.recovery import recovery_wrapping_key
from panzoto.errors import KeyRejected
from panzoto.flows import _audio_key
from panzoto.models.store.expressions import Change
from tests.accounts.conftest import new_email
from tests.support import border

from .conftest import Service, asked, between_us_and_kms, headers, signed_in

PASSWORD = "a first one 42 of mine"
Me = dict[str, Any]


def handed_out(me: Me) -> bytes:
    """The audio key as it was handed out."""
    return b64decode(me["audio_key"], validate=True)


def by_password(service: Service, body: Me, password: str = PASSWORD) -> bytes:
    """The audio key as an app unwraps it with the password."""
    wrapping = service.deps.password_keys.derive(password, bytes.fromhex(body["key_salt"]), body["kdf"])
    return keys.unwrap(body["wrapped_audio_key"], wrapping, body["user_id"])


def by_recovery(service: Service, user_id: str, recovery_key: str) -> bytes:
    """The audio key as the recovery key opens it."""
    user = service.deps.users.find(user_id)
    assert user is not None
    assert user.audio_key is not None
    return keys.unwrap(user.audio_key.wrapped_for_recovery, recovery_wrapping_key(recovery_key, user_id), user_id)


def with_email(service: Service, me: Me) -> str:
    """Give somebody an email that is proved."""
    email = new_email()
    patch = service.http.patch("/api/v1/auth/me", json={"email": email}, headers=headers(me["token"]))
    assert patch.status_code == 200, patch.get_json()
    assert service.post("/email/verify", {"token": service.link(email, "verify")}).status_code == 200
    return email


def set_password(service: Service, me: Me, **more: Any) -> Any:
    """Set a password."""
    return service.post("/password/change", {"new_password": PASSWORD, **more}, token=me["token"])


def test_it_is_handed_out_and_kept_by_kms_alone(service: Service) -> None:
    """Each sign-in answers the same 32 bytes; what is kept opens by KMS, for its owner, and by the recovery key."""
    me = signed_in(service)
    assert len(handed_out(me)) == 32
    assert handed_out(signed_in(service, me["phone"])) == handed_out(me)
    item = service.deps.users.get({"user_id": me["user_id"]}) or {}
    assert "kdf" not in item
    assert "wrapped_audio_key" not in item
    assert me["audio_key"] not in repr(item)
    config, kms = service.deps.config, service.deps.clients.kms()
    blob = b64decode(item["kms_wrapped_audio_key"])
    context = {"userId": me["user_id"], "purpose": "audio-key"}
    opened = kms.decrypt(KeyId=config.audio_kms_key, CiphertextBlob=blob, EncryptionContext=context)
    assert opened["Plaintext"] == handed_out(me)
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(KeyId=config.audio_kms_key, CiphertextBlob=blob, EncryptionContext={**context, "userId": "bob"})
    assert by_recovery(service, me["user_id"], me["recovery_key"]) == handed_out(me)


def test_people_have_different_keys(service: Service) -> None:
    """No two of them."""
    assert len({handed_out(signed_in(service)) for _ in range(3)}) == 3


def test_it_stands_in_no_log_and_no_other_answer(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said at the sign-in and nowhere else."""
    me = signed_in(service)
    for path in ("/me", "/export", "/sessions"):
        assert me["audio_key"] not in service.get(path, token=me["token"]).get_data(as_text=True)
    assert me["audio_key"] not in "".join(capsys.readouterr())


def test_a_first_password_keeps_it(service: Service) -> None:
    """Right after a sign-in no old password is asked for; the same bytes are under the new one.

    KMS has them no more, and every other session ends, as with any new password.
    """
    me = signed_in(service)
    other = signed_in(service, me["phone"])
    response = set_password(service, me)
    body = response.get_json()
    assert response.status_code == 200
    assert by_password(service, body) == handed_out(me)
    assert ("audio_key" in body, "recovery_key" in body, body["user"]["has_password"]) == (False, False, True)
    assert "kms_wrapped_audio_key" not in (service.deps.users.get({"user_id": me["user_id"]}) or {})
    assert by_recovery(service, me["user_id"], me["recovery_key"]) == handed_out(me)
    assert [service.get("/me", token=each["token"]).status_code for each in (me, other, body)] == [401, 401, 200]


def test_with_a_password_kms_is_asked_no_more(service: Service) -> None:
    """A code still signs in, and the answer holds what the password opens in place of the key; KMS may be away."""
    me = signed_in(service)
    set_password(service, me)
    code, kms = asked(service, me["phone"]), between_us_and_kms(service)
    kms.expect(then=border.refuses("DisabledException"))
    again = service.post("/verify-otp", {"phone_number": me["phone"], "otp": code}).get_json()
    assert (kms.requests, "audio_key" in again) == ([], False)
    assert by_password(service, again) == handed_out(me)


@pytest.mark.parametrize("more", [{}, {"current_password": PASSWORD}])
def test_a_first_password_needs_a_recent_sign_in(service: Service, more: dict[str, str]) -> None:
    """Five minutes later somebody else may hold the phone: a new sign-in is asked for."""
    me = signed_in(service)
    service.clock.pass_by(seconds=299)
    assert set_password(service, me, new_password="1").get_json()["code"] == "weak_password"
    service.clock.pass_by(seconds=2)
    response = set_password(service, me, **more)
    assert (response.status_code, response.get_json()["code"]) == (403, "recent_sign_in_needed")
    assert set_password(service, signed_in(service, me["phone"])).status_code == 200


def test_the_second_password_asks_for_the_first(service: Service) -> None:
    """Once there is one, a recent sign-in does not stand for it."""
    me = set_password(service, signed_in(service)).get_json()
    assert set_password(service, me).get_json()["code"] == "recent_sign_in_needed"
    assert set_password(service, me, current_password="not it").get_json()["code"] == "wrong_password"
    changed = set_password(service, me, current_password=PASSWORD, new_password="another 42 of mine")
    assert by_password(service, changed.get_json(), "another 42 of mine") == by_password(service, me)


def test_kms_that_is_down_sets_no_password(service: Service) -> None:
    """503, and everything is as it was."""
    me, kms = signed_in(service), between_us_and_kms(service)
    kms.expect(then=border.refuses("DisabledException"))
    for path, body in (("/password/change", {"new_password": PASSWORD}), ("/recovery-key", {})):
        response = service.post(path, body, token=me["token"])
        assert (response.status_code, response.get_json()["code"]) == (503, "keys_unavailable")
    kms.expect()
    assert service.get("/me", token=me["token"]).get_json()["user"]["has_password"] is False
    assert by_password(service, set_password(service, me).get_json()) == handed_out(me)


def test_a_new_recovery_key(service: Service) -> None:
    """Right after a sign-in there is another for the same audio key; the old one opens nothing; later it is refused."""
    me = signed_in(service)
    made = service.post("/recovery-key", {}, token=me["token"]).get_json()["recovery_key"]
    assert by_recovery(service, me["user_id"], made) == handed_out(me)
    with pytest.raises(KeyRejected):
        by_recovery(service, me["user_id"], me["recovery_key"])
    assert handed_out(signed_in(service, me["phone"])) == handed_out(me)
    service.clock.pass_by(minutes=6)
    late = service.post("/recovery-key", {"current_password": PASSWORD}, token=me["token"])
    assert (late.status_code, late.get_json()["code"]) == (403, "recent_sign_in_needed")


def test_a_reset_by_mail_keeps_it(service: Service) -> None:
    """Somebody whose key KMS wraps loses nothing by a link to a first password, and is asked for no recovery key."""
    me = signed_in(service)
    email = with_email(service, me)
    assert service.post("/password/forgot", {"email": email}).status_code == 202
    body = {"token": service.link(email, "reset"), "new_password": PASSWORD}
    kms = between_us_and_kms(service)
    kms.expect(then=border.refuses("DisabledException"))
    assert service.post("/password/reset", body).get_json()["code"] == "keys_unavailable"
    kms.expect()
    response = service.post("/password/reset", body)
    assert response.status_code == 200, response.get_json()
    assert by_password(service, response.get_json()) == handed_out(me)
    assert "recovery_key" not in response.get_json()
    login = service.post("/login", {"email": email, "password": PASSWORD}).get_json()
    assert by_password(service, login) == handed_out(me)
    assert login["user_id"] == signed_in(service, me["phone"])["user_id"] == me["user_id"]


@pytest.mark.parametrize("salt", ["", "c2hvcnQ=", "no base64!"])
@pytest.mark.parametrize("how", ["first password", "reset", "recovery key"])
def test_a_migrated_person_with_an_odd_salt(service: Service, how: str, salt: str) -> None:
    """A salt by which no key could be derived keeps nobody from a password: it is replaced, and the key stays."""
    me = signed_in(service)
    email = with_email(service, me)
    service.deps.users.update({"user_id": me["user_id"]}, Change(set={"key_salt": salt}))
    if how == "recovery key":
        assert service.post("/recovery-key", {}, token=me["token"]).status_code == 200
    if how == "reset":
        service.post("/password/forgot", {"email": email})
        body = {"token": service.link(email, "reset"), "new_password": PASSWORD}
        response = service.post("/password/reset", body)
    else:
        response = set_password(service, me)
    assert response.status_code == 200, response.get_json()
    assert by_password(service, response.get_json()) == handed_out(me)
    login = service.post("/login", {"email": email, "password": PASSWORD}).get_json()
    assert by_password(service, login) == handed_out(me)


def test_a_reset_of_somebody_who_never_had_a_key(service: Service) -> None:
    """A migrated person with an odd salt and no audio key, who has forgotten the password, gets both by the link."""
    me = service.register()
    names = ["wrapped_audio_key", "recovery_wrapped_audio_key", "kdf", "audio_key_version"]
    service.deps.users.update({"user_id": me["user_id"]}, Change(set={"key_salt": "c2hvcnQ="}, remove=names))
    service.post("/password/forgot", {"email": me["email"]})
    body = {"token": service.link(me["email"], "reset"), "new_password": PASSWORD}
    response = service.post("/password/reset", body)
    assert response.status_code == 200, response.get_json()
    shown = response.get_json()
    assert by_password(service, shown) == by_recovery(service, me["user_id"], shown["recovery_key"])


def test_the_wrap_of_another_person_opens_nothing(service: Service) -> None:
    """A wrap that was carried from one person to another is refused at the sign-in, and gives no session."""
    me, thief = signed_in(service), signed_in(service)
    mine = (service.deps.users.get({"user_id": me["user_id"]}) or {})["kms_wrapped_audio_key"]
    service.deps.users.update({"user_id": thief["user_id"]}, Change(set={"kms_wrapped_audio_key": mine}))
    body = {"phone_number": thief["phone"], "otp": asked(service, thief["phone"])}
    response = service.post("/verify-otp", body)
    assert (response.status_code, response.get_json()["code"]) == (400, "key_rejected")
    assert len(service.deps.sessions.of(thief["user_id"])) == 1


def test_an_account_from_before_there_were_keys(service: Service) -> None:
    """Somebody known who has no audio key yet gets one with the sign-in, and is shown the recovery key once."""
    me = signed_in(service)
    names = ["kms_wrapped_audio_key", "recovery_wrapped_audio_key", "audio_key_version"]
    service.deps.users.update({"user_id": me["user_id"]}, Change(remove=names))
    first = signed_in(service, me["phone"])
    assert (first["user_id"], handed_out(first) == handed_out(me)) == (me["user_id"], False)
    assert by_recovery(service, me["user_id"], first["recovery_key"]) == handed_out(first)
    again = signed_in(service, me["phone"])
    assert ("recovery_key" in again, handed_out(again) == handed_out(first)) == (False, True)


def test_a_first_key_that_two_would_make(service: Service) -> None:
    """Of two who would both make the first audio key one does; the sign-in that comes second hands out that one."""
    me = signed_in(service)
    names = ["kms_wrapped_audio_key", "recovery_wrapped_audio_key", "audio_key_version"]
    service.deps.users.update({"user_id": me["user_id"]}, Change(remove=names))
    made: list[str] = []

    def meanwhile(request: AWSPreparedRequest, _: border.Send) -> None:
        if "TransactItems" in str(request.body) and not made:
            made.append("")
            made[0] = service.post("/recovery-key", {}, token=me["token"]).get_json()["recovery_key"]

    body = {"phone_number": me["phone"], "otp": asked(service, me["phone"])}
    border.at(service.deps.gateway._client).expect(then=meanwhile)
    response = service.post("/verify-otp", body)
    assert response.status_code == 200, response.get_json()
    assert "recovery_key" not in response.get_json()
    assert by_recovery(service, me["user_id"], made[0]) == handed_out(response.get_json())


def test_a_key_that_nothing_given_opens(service: Service) -> None:
    """A key under a password is opened by the password alone: without one it is refused, not looked for elsewhere."""
    me = service.register(new_email())
    user = service.deps.users.find(me["user_id"])
    assert user is not None
    assert user.audio_key is not None
    with pytest.raises(KeyRejected):
        _audio_key.opened(service.deps, user, user.audio_key, None)
