"""The code in the mail stands for the link, where mail and app are on two devices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from panzoto import create_app
from panzoto.crypto.codes import Codes
from panzoto.crypto.digests import derived_key
from panzoto.crypto.gate import Gate
from panzoto.crypto.passwords import Passwords
from tests.support.configs import SECRET
from tests.support.numbers import new_phone

from .conftest import Service, ask, code_of, expires, new_email, on, refused, signs_in, verify, works

REJECTED, SPENT = (401, "code_rejected"), (429, "code_spent")
MOST = 5


def typed(service: Service, request_id: str, code: str, **more: Any) -> TestResponse:
    """Sign in by a code, as the app does."""
    return service.post("/magic-link/verify", {"request_id": request_id, "code": code, **more})


def wrong(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 10**8:08}"


def asked(service: Service) -> tuple[str, str, str]:
    """A request for a link: its id, its code, and the link."""
    email = new_email()
    request_id = ask(service, email)
    return request_id, code_of(service, email), service.link(email, "m")


def test_the_code_signs_in_once(service: Service) -> None:
    """It gives what the link gives, and ends the link; typed again it says that it was used."""
    request_id, code, token = asked(service)
    answer = typed(service, request_id, code)
    assert answer.status_code == 200
    assert works(service, answer.get_json()["token"])
    assert answer.get_json()["recovery_key"]
    assert refused(typed(service, request_id, code)) == (400, "link_invalid")
    assert refused(verify(service, token)) == (400, "link_invalid")


def test_the_link_ends_the_code(service: Service) -> None:
    """A code whose link was used signs nobody in."""
    request_id, code, token = asked(service)
    signs_in(service, token)
    assert refused(typed(service, request_id, code)) == (400, "link_invalid")
    assert refused(typed(service, request_id, wrong(code))) == REJECTED


@pytest.mark.parametrize("between", [" ", "-", "\u00a0", "  "])
def test_as_people_write_it(service: Service, between: str) -> None:
    """The page shows it in two halves, so it may come that way."""
    request_id, code, _ = asked(service)
    assert typed(service, request_id, f"{code[:4]}{between}{code[4:]}").status_code == 200


def test_five_guesses(service: Service) -> None:
    """After five wrong ones the right one is not looked at; the link itself still works, so nobody is kept out."""
    request_id, code, token = asked(service)
    guesses = [refused(typed(service, request_id, wrong(code))) for _ in range(MOST)]
    assert guesses == [REJECTED] * MOST
    assert refused(typed(service, request_id, code)) == SPENT
    signs_in(service, token)


def test_the_fifth_guess_may_be_right(service: Service) -> None:
    """Four wrong ones leave one."""
    request_id, code, _ = asked(service)
    for _ in range(MOST - 1):
        typed(service, request_id, wrong(code))
    assert typed(service, request_id, code).status_code == 200


def test_a_code_is_of_one_request(service: Service) -> None:
    """Another request's code is wrong, if it was for the same email too; so is a code for what is no request."""
    email = new_email()
    first = ask(service, email)
    code = code_of(service, email)
    second = ask(service, email)
    assert code_of(service, email) != code
    assert refused(typed(service, second, code)) == REJECTED
    for other in ("x", "tok_" + "a" * 22, "x" * 512):
        assert refused(typed(service, other, code)) == REJECTED
    assert typed(service, first, code).status_code == 200


def test_a_code_is_no_other_items_code(service: Service) -> None:
    """The ids of sessions, resets and verifications are no requests."""
    me = service.register()
    service.post("/password/forgot", {"email": me["email"]})
    session = service.deps.refresh_tokens.read(me["refresh_token"]).sid
    for other in (session, *(service.link(me["email"], page).split(".")[0] for page in ("reset", "verify"))):
        assert refused(typed(service, other, "12345678")) == REJECTED


def test_a_code_ends_by_the_clock(service: Service) -> None:
    """It works as long as its link, and no guess at it is looked at later."""
    request_id, code, _ = asked(service)
    service.clock.now = service.clock.now.replace(microsecond=0) + expires(service)
    assert refused(typed(service, request_id, code)) == REJECTED


def test_a_code_is_bound_to_the_device(service: Service) -> None:
    """Another device is refused after the guess was charged; the device itself signs in."""
    email = new_email()
    request_id = ask(service, email, device_id="mine")
    code = code_of(service, email)
    assert refused(typed(service, request_id, code, device_id="another")) == (401, "device_mismatch")
    assert refused(typed(service, request_id, code)) == (401, "device_mismatch")
    assert typed(service, request_id, code, device_id="mine").status_code == 200


def test_the_page_shows_the_code(service: Service) -> None:
    """Whoever opens the link on the computer reads the code there, for an SMS too, and types it on the phone."""
    email, phone = new_email(), new_phone()
    request_id = ask(service, email, flow="sms", phone_number=phone)
    page = service.http.get(f"/m/{service.link(phone, 'm')}").get_data(as_text=True)
    code = page.split('<p class="code">')[1].split("<")[0].replace("&nbsp;", "\u00a0")
    assert typed(service, request_id, code).status_code == 200


def test_a_guess_that_nobody_looked_at_is_given_back(service: Service) -> None:
    """While hashing is full the code is not charged for it."""
    request_id, code, _ = asked(service)
    full = Passwords(service.deps.passwords.profile, Gate(1, 0, 0.01))
    busy = on(service, codes=Codes(derived_key(SECRET, "codes/v1"), full, 6))
    with full.gate.passing():
        for _ in range(MOST + 1):
            assert refused(typed(busy, request_id, code)) == (503, "overloaded")
    assert typed(service, request_id, code).status_code == 200


def test_what_is_kept_of_a_code(service: Service) -> None:
    """Argon2id over an HMAC: neither the table nor the code of one link says anything of another's."""
    request_id, code, token = asked(service)
    item = service.deps.one_use_tokens.get({"tokenId": request_id}) or {}
    assert item["codeHash"].startswith("$argon2id$")
    assert code not in str(item)
    assert token.split(".")[1] not in str(item)
    other = replace(service.deps, codes=Codes(bytes(32), service.deps.passwords, 6))
    answer = (
        create_app(other.config, other)
        .test_client()
        .post("/api/v1/auth/magic-link/verify", json={"request_id": request_id, "code": code})
    )
    assert refused(answer) == REJECTED


def test_a_wrong_code_is_recorded(service: Service) -> None:
    """An event of the account, where there is one; of the email, where there is not."""
    email = new_email()
    request_id = ask(service, email)
    typed(service, request_id, wrong(code_of(service, email)))
    body = signs_in(service, service.link(email, "m"))
    request_id = ask(service, email)
    typed(service, request_id, wrong(code_of(service, email)))
    of_nobody, of_somebody = (
        [each["action"] for each in service.deps.audit.all_of(subject)]
        for subject in (f"email:{email}", body["user_id"])
    )
    assert of_nobody == ["code_rejected"]
    assert of_somebody.count("code_rejected") == 1
