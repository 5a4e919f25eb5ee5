"""A stranger registers somebody else's email first, and waits: once the owner comes, nothing of theirs works."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from panzoto.flows import _one_use
from panzoto.flows._email_verification import PURPOSE
from panzoto.models.auth_state.otps import for_account
from panzoto.models.store.transaction import transact
from tests.accounts.test_crossings import before_call
from tests.support.numbers import new_phone
from tests.support.phones import HERE, person, signed_in

from .conftest import (
    PASSWORD,
    PATIENT,
    Service,
    ask,
    change,
    kinds,
    linked,
    new_email,
    refused,
    signs_in,
    user_of,
    verify,
    works,
)

NEW_PASSWORD = "AnotherPassword456!"
SMS_CODE = 6


def login(service: Service, email: str, password: str = PASSWORD, **more: Any) -> int:
    """The status of a sign-in by password."""
    return service.post("/login", {"email": email, "password": password, **more}).status_code


def add_phone(service: Service, account: dict[str, Any]) -> str:
    """Give an account a phone, as its holder would."""
    phone = new_phone()
    service.clock.pass_by(seconds=1)
    asked = service.post("/phone", {"phone_number": phone, "current_password": PASSWORD}, token=account["token"])
    assert asked.status_code == 200, asked.get_json()
    body = {"phone_number": phone, "otp": sms_code(service, phone)}
    assert service.post("/phone/verify", body, token=account["token"]).status_code == 200
    return phone


def sms_code(service: Service, phone: str) -> str:
    """The newest code that a phone was sent."""
    digits = [word.strip(".:") for word in service.mails(phone)[0]["text"].split() if word.strip(".:").isdigit()]
    return str(next(each for each in digits if len(each) == SMS_CODE))


def by_phone(service: Service, phone: str) -> dict[str, Any]:
    """Sign in by a code to a phone."""
    service.clock.pass_by(minutes=2)
    assert service.post("/initiate-otp", {"phone_number": phone}).status_code == 200
    answer = service.post("/verify-otp", {"phone_number": phone, "otp": sms_code(service, phone)})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.get_json()
    return body


def test_nothing_of_the_stranger_works_any_more(service: Service) -> None:
    """Password, known device, sessions, phone, and links to a mailbox or phone of theirs: all of it ends at once."""
    email, elsewhere = new_email(), new_email()
    theirs = service.register(email, device_id="theirs")
    phone = add_phone(service, theirs)
    user = user_of(service, theirs["user_id"])
    change(service, user.user_id, pending_email=elsewhere)
    deps = service.deps
    to_elsewhere = _one_use.issue(
        deps, PURPOSE, user, elsewhere, deps.config.email_verification_expiry, HERE, deps.clock()
    )
    by_sms = linked(service, email, flow="sms", phone_number=phone)

    owner = signs_in(service, linked(service, email), device_id="owner")

    assert owner["user_id"] == theirs["user_id"]
    assert owner["user"]["email_verified"] is True
    assert owner["user"]["phone_number"] is None
    assert not works(service, theirs["token"])
    assert (
        refused(service.post("/refresh", {"refresh_token": theirs["refresh_token"], "device_id": "theirs"}))[0] == 401
    )
    assert login(service, email) == 401
    assert login(service, email, device_id="theirs") == 401
    assert not user_of(service, theirs["user_id"]).devices, "theirs has no guesses of its own any more"
    assert refused(verify(service, by_sms)) == (400, "link_invalid")
    assert refused(service.post("/email/verify", {"token": to_elsewhere})) == (400, "link_invalid")
    ask(service, email, flow="sms", phone_number=phone)
    assert "/m/" not in service.mails(phone)[0]["text"]
    assert by_phone(service, phone)["user_id"] != theirs["user_id"]
    assert works(service, owner["token"])
    (session,) = service.deps.sessions.of(owner["user_id"])
    assert session.device_id == "owner"


def test_it_is_recorded(service: Service) -> None:
    """The events of the account say that the email was proved, and that what was there before ended."""
    email = new_email()
    theirs = service.register(email)
    signs_in(service, linked(service, email))
    signs_in(service, linked(service, email))
    events = [each for each in service.deps.audit.all_of(theirs["user_id"]) if each["action"] == "email_verified"]
    assert [each["details"] for each in events] == [{"ended_what_was_before": True}]


def test_the_owner_confirms_the_password_if_it_is_theirs(service: Service) -> None:
    """Whoever registered and then came by a link: the current password makes it work again, and only from inside."""
    email = new_email()
    me = service.register(email)
    body = signs_in(service, linked(service, email))
    wrong = {"current_password": "not the password", "new_password": NEW_PASSWORD}
    assert service.post("/password/change", wrong, token=body["token"]).status_code == 401
    right = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert refused(service.post("/password/change", right, token=me["token"]))[0] == 401
    assert service.post("/password/change", right, token=body["token"]).status_code == 200
    assert (login(service, email), login(service, email, NEW_PASSWORD)) == (401, 200)


def test_the_owner_resets_the_password_if_it_is_not(service: Service) -> None:
    """Without the stranger's password a reset by mail makes one, with an audio key that the stranger never knew."""
    email = new_email()
    theirs = service.register(email)
    signs_in(service, linked(service, email))
    service.post("/password/forgot", {"email": email})
    body = {"token": service.link(email, "reset"), "new_password": NEW_PASSWORD, "abandon_audio": True}
    answer = service.post("/password/reset", body)
    assert answer.status_code == 200
    assert answer.get_json()["recovery_key"] != theirs["recovery_key"]
    assert (login(service, email), login(service, email, NEW_PASSWORD)) == (401, 200)


def test_a_reset_takes_the_phone_away_too(service: Service) -> None:
    """A reset proves the mailbox as a link does: the phone that was added before any proof goes, a later one stays."""
    email = new_email()
    phone = add_phone(service, service.register(email))
    for password in (NEW_PASSWORD, PASSWORD):
        service.post("/password/forgot", {"email": email})
        body = {"token": service.link(email, "reset"), "new_password": password, "abandon_audio": True}
        answer = service.post("/password/reset", body).get_json()
        if password == NEW_PASSWORD:
            assert answer["user"]["phone_number"] is None
            assert by_phone(service, phone)["user_id"] != answer["user_id"]
            kept = new_phone()
            asked = {"phone_number": kept, "current_password": NEW_PASSWORD}
            assert service.post("/phone", asked, token=answer["token"]).status_code == 200
            proof = {"phone_number": kept, "otp": sms_code(service, kept)}
            assert service.post("/phone/verify", proof, token=answer["token"]).status_code == 200
    assert answer["user"]["phone_number"] == kept


def test_a_second_link_suspends_nothing(service: Service) -> None:
    """Only the first proof does that: from then on password and links stand side by side."""
    email = new_email()
    service.register(email)
    body = signs_in(service, linked(service, email))
    change_it = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    kept = service.post("/password/change", change_it, token=body["token"]).get_json()
    phone_kept = signs_in(service, linked(service, email))
    assert phone_kept["user_id"] == body["user_id"]
    assert works(service, kept["token"])
    assert login(service, email, NEW_PASSWORD) == 200


def test_a_registration_that_waits_for_its_mail(service_for: Callable[..., Service]) -> None:
    """Where an email must be proved before anybody signs in, a link proves it, and suspends the password too."""
    service = service_for(prevent_enumeration=True, **PATIENT)
    email = new_email()
    assert service.post("/register", {"email": email, "password": PASSWORD}).status_code == 202
    service.deps.later.finish()
    body = signs_in(service, linked(service, email))
    assert body["user"]["email_verified"] is True
    assert body["recovery_key"], "nobody had an audio key yet"
    assert login(service, email) == 401
    assert kinds(service)["user"] == 1


def test_a_stranger_registers_after_the_link_was_asked_for(service: Service) -> None:
    """The link of an email that was nobody's then takes the account over, as one that was asked for later does."""
    email = new_email()
    token = linked(service, email)
    theirs = service.register(email)
    owner = signs_in(service, token)
    assert owner["user_id"] == theirs["user_id"]
    assert not works(service, theirs["token"])
    assert login(service, email) == 401


@pytest.mark.parametrize("call", [4, 5])
def test_a_phone_that_is_added_at_that_moment(service: Service, call: int) -> None:
    """A phone that the stranger adds between our calls is taken away all the same, or was never added."""
    email, phone = new_email(), new_phone()
    theirs = service.register(email)
    token = linked(service, email)
    asked = service.post("/phone", {"phone_number": phone, "current_password": PASSWORD}, token=theirs["token"])
    assert asked.status_code == 200
    body = {"phone_number": phone, "otp": sms_code(service, phone)}
    crossed: list[int] = []
    before_call(
        service,
        call,
        lambda: crossed.append(service.post("/phone/verify", body, token=theirs["token"]).status_code),
    )
    owner = signs_in(service, token)
    assert crossed == [200]
    assert owner["user"]["phone_number"] is None
    assert service.deps.phones.find(phone) is None
    assert not works(service, theirs["token"])


@pytest.mark.parametrize("call", [4, 5])
def test_an_email_that_changes_at_that_moment(service: Service, call: int) -> None:
    """A stranger who gives the account another email meanwhile keeps it; the owner gets one of their own."""
    email, elsewhere = new_email(), new_email()
    theirs = service.register(email)
    change(service, theirs["user_id"], pending_email=elsewhere)
    deps, user = service.deps, user_of(service, theirs["user_id"])
    link = _one_use.issue(deps, PURPOSE, user, elsewhere, deps.config.email_verification_expiry, HERE, deps.clock())
    token = linked(service, email)
    crossed: list[int] = []
    before_call(service, call, lambda: crossed.append(service.post("/email/verify", {"token": link}).status_code))
    assert refused(verify(service, token)) == (400, "link_invalid")
    assert crossed == [200]
    assert signs_in(service, linked(service, email))["user_id"] != theirs["user_id"]


@pytest.mark.parametrize("phone", [None, new_phone()], ids=["nothing", "a phone"])
def test_who_has_no_password(service: Service, phone: str | None) -> None:
    """An email that was never proved is proved; sessions end only where a phone could have begun them."""
    email, deps, now = new_email(), service.deps, service.clock()
    user = person(deps, email, phone=phone)
    if phone:
        transact(deps.gateway, deps.phones.claiming(phone, user.user_id, None, now))
    theirs = signed_in(deps, user, now=now)
    body = signs_in(service, linked(service, email))
    assert (body["user_id"], body["user"]["phone_number"]) == (user.user_id, None)
    assert user_of(service, user.user_id).email_verified_at == now.replace(microsecond=0) + timedelta(seconds=1)
    assert works(service, theirs.access_token) == (phone is None)
    assert phone is None or deps.phones.find(phone) is None


def test_a_phone_waits_for_nobody(service: Service) -> None:
    """A code for the account's phone is for the account alone, so the stranger's pending code adds nothing later."""
    email, phone = new_email(), new_phone()
    theirs = service.register(email)
    service.post("/phone", {"phone_number": phone, "current_password": PASSWORD}, token=theirs["token"])
    code = sms_code(service, phone)
    owner = signs_in(service, linked(service, email))
    assert service.post("/verify-otp", {"phone_number": phone, "otp": code}).status_code == 401
    assert refused(service.post("/phone/verify", {"phone_number": phone, "otp": code}, token=theirs["token"]))[0] == 401
    assert for_account(owner["user_id"]) == for_account(theirs["user_id"])
    assert user_of(service, owner["user_id"]).phone is None
