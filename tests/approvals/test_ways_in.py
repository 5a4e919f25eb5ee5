"""Every way in, where only approved people may: who comes in, who does not, and what each hears."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from panzoto.flows.admin.first_admin import first_admin
from tests.support.configs import SECRET
from tests.support.numbers import new_phone

from .conftest import (
    APPROVED,
    NEW_PASSWORD,
    PASSWORD,
    Service,
    approved,
    asked_for,
    entered,
    found,
    lives,
    login,
    magic_link,
    member,
    new_email,
    phone_code,
    refresh,
    refused,
    under,
    with_phone,
    works,
)

SENTENCE = "This email is not approved for this service. Ask the people who run it."


def actions(service: Service, user_id: str) -> list[str]:
    """What the audit says of somebody."""
    return [each["action"] for each in service.deps.audit.all_of(user_id)]


# ── registration ────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_registration_is_finished_by_its_mail(service: Service) -> None:
    """It answers 202; nobody signs in before the link was followed, and the first sign-in shows the recovery key."""
    email = approved(service)
    link = asked_for(service, email)
    assert login(service, email).status_code == 401
    assert service.post("/email/verify", {"token": link}).status_code == 200
    assert entered(login(service, email))["recovery_key"]


def test_a_registration_without_approval_is_refused(service: Service) -> None:
    """Nothing is made and nothing is sent; the sentence says whom to ask."""
    email = new_email()
    answer = service.post("/register", {"email": email, "password": PASSWORD})
    assert refused(answer)
    assert answer.get_json()["error"] == SENTENCE
    assert found(service, email) is None
    assert service.mails(email) == []


def test_the_old_address_asks_for_approval_too(service: Service) -> None:
    """The seed's /api/register and /api/login are no other way in."""
    body = {"email": new_email(), "password": PASSWORD}
    assert refused(service.http.post("/api/register", json=body))
    tokens = member(service)
    service.deps.approved_emails.delete({"email": tokens["email"]})
    assert refused(service.http.post("/api/login", json=body | {"email": tokens["email"]}))


def test_a_taken_email_is_answered_as_a_new_one(service: Service) -> None:
    """Its owner is told by mail that somebody has tried."""
    email = member(service)["email"]
    answer = service.post("/register", {"email": email, "password": NEW_PASSWORD})
    assert answer.status_code == 202
    assert service.mails(email)[0]["subject"] == "You already have an account"
    assert login(service, email).status_code == 200


def test_an_approval_that_ends_while_a_registration_waits(service: Service) -> None:
    """Its link is refused and stays good; approved again, it works."""
    email = approved(service)
    link = {"token": asked_for(service, email)}
    service.deps.approved_emails.delete({"email": email})
    assert refused(service.post("/email/verify", link))
    page = service.http.post(f"/verify/{link['token']}")
    assert (page.status_code, SENTENCE in page.text) == (403, True)
    approved(service, email)
    assert service.post("/email/verify", link).status_code == 200
    assert login(service, email).status_code == 200


def test_an_approval_that_ends_between_the_link_and_the_first_sign_in(service: Service) -> None:
    """A verified email is no approved one, and the audio key is not made before its owner may come in."""
    email = approved(service)
    assert service.post("/email/verify", {"token": asked_for(service, email)}).status_code == 200
    service.deps.approved_emails.delete({"email": email})
    assert refused(login(service, email))
    user = found(service, email)
    assert user is not None
    assert user.audio_key is None


# ── people from before the policy ───────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def before(service_for: Callable[..., Service]) -> Service:
    """The service before anybody asked for approval."""
    return service_for(**APPROVED | {"registration_policy": "open"})


def test_people_from_before_sign_in_when_they_are_verified_and_approved(before: Service) -> None:
    """Of four people one comes in; who is not verified hears how to be, but not before their password is right."""
    heard = {}
    for verified in (True, False):
        for is_approved in (True, False):
            account = before.register()
            if verified:
                before.post("/email/verify", {"token": before.link(account["email"], "verify")})
            if is_approved:
                approved(before, account["email"])
            after = under(before, registration_policy="approved")
            assert login(after, account["email"], NEW_PASSWORD).get_json()["code"] == "wrong_password"
            answer = login(after, account["email"])
            heard[verified, is_approved] = answer.get_json().get("error")
            assert refused(answer) == (not (verified and is_approved))
    unverified = "This service asks for a verified email. Sign in by a link to yours, or reset the password."
    assert heard[True, True] is None
    assert heard[True, False] == SENTENCE
    assert heard[False, True] == heard[False, False] == unverified


def test_sessions_from_before_end_with_their_next_refresh(before: Service) -> None:
    """Who is verified and approved goes on; of the others a refresh ends the session, tells why, and is recorded."""
    kept, gone = before.register(), before.register()
    for account in (kept, gone):
        before.post("/email/verify", {"token": before.link(account["email"], "verify")})
    approved(before, kept["email"])
    after = under(before, registration_policy="approved")
    assert lives(after, kept)
    assert works(after, gone)
    answer = refresh(after, gone)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "session_ended")
    assert "approved" in answer.get_json()["error"]
    assert not lives(after, gone)
    assert actions(after, gone["user_id"]).count("approval_ended") == 1


def test_old_tokens_ask_for_approval_too(service_for: Callable[..., Service]) -> None:
    """A 30-day token of the old backend works as long as its owner is approved, although it has no session."""
    service = service_for(legacy_tokens_until=datetime.now(UTC) + timedelta(days=60), **APPROVED)
    tokens = member(service, until=service.clock.now + timedelta(days=1))
    issued = int(service.clock.now.timestamp())
    payload = {"user_id": tokens["user_id"], "iat": issued, "exp": issued + 30 * 86400}
    old = jwt.encode(payload, SECRET, algorithm="HS256")
    assert service.get("/me", token=old).status_code == 200
    service.clock.pass_by(days=1)
    assert service.get("/me", token=old).get_json()["code"] == "session_ended"


# ── passwords ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_reset_proves_the_email(before: Service) -> None:
    """Somebody who was never verified comes in by a reset, when they are approved."""
    account = before.register()
    after = under(before, registration_policy="approved")
    after.post("/password/forgot", {"email": account["email"]})
    body = {"token": after.link(account["email"], "reset"), "new_password": NEW_PASSWORD, "abandon_audio": True}
    assert refused(after.post("/password/reset", body))
    assert login(under(after, registration_policy="open"), account["email"]).status_code == 200
    approved(after, account["email"])
    assert after.post("/password/reset", body).status_code == 200
    assert login(after, account["email"], NEW_PASSWORD).status_code == 200


def test_a_password_change_asks_for_approval(service: Service) -> None:
    """Whoever has been taken off by hand gets no new session by it, and the password stays."""
    tokens = member(service)
    service.deps.approved_emails.delete({"email": tokens["email"]})
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert refused(service.post("/password/change", body, token=tokens["token"]))
    approved(service, tokens["email"])
    assert login(service, tokens["email"], NEW_PASSWORD).status_code == 401
    answer = service.post("/password/change", body, token=entered(login(service, tokens["email"]))["token"])
    assert works(service, entered(answer))


# ── codes and links ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_phone_alone_is_not_enough(service: Service) -> None:
    """A code that signs in nobody approved makes nobody; the sentence says that an email is missing."""
    phone = new_phone()
    answer = service.post("/verify-otp", {"phone_number": phone, "otp": phone_code(service, phone)})
    assert refused(answer)
    assert answer.get_json()["error"] == "This service asks for an approved email, and this account has none."
    assert service.deps.phones.find(phone) is None


def test_a_phone_of_somebody_approved_signs_in(service: Service) -> None:
    """As long as the email of the account is approved."""
    tokens = member(service)
    phone = with_phone(service, tokens)
    body = {"phone_number": phone, "otp": phone_code(service, phone)}
    assert works(service, entered(service.post("/verify-otp", body)))
    body["otp"] = phone_code(service, phone)
    service.deps.approved_emails.delete({"email": tokens["email"]})
    assert refused(service.post("/verify-otp", body))


def test_a_link_makes_somebody_who_is_approved(service: Service) -> None:
    """Following it proves the email; nobody who is not approved gets one, and the answer does not tell."""
    email = approved(service)
    link = magic_link(service, email)
    assert works(service, entered(service.post("/magic-link/verify", {"token": link})))
    stranger = new_email()
    assert magic_link(service, stranger) is None
    assert found(service, stranger) is None


def test_a_link_is_looked_at_again_when_it_is_followed(service: Service) -> None:
    """An approval that has ended meanwhile lets nobody in, by the link or by its code; the link stays good."""
    tokens = member(service)
    for email in (tokens["email"], approved(service)):
        link = magic_link(service, email)
        service.deps.approved_emails.delete({"email": email})
        assert refused(service.post("/magic-link/verify", {"token": link}))
        page = service.http.post(f"/m/{link}")
        assert (page.status_code, SENTENCE in page.text) == (403, True)
        approved(service, email)
        assert works(service, entered(service.post("/magic-link/verify", {"token": link})))


def test_a_session_in_a_browser_asks_for_approval(service: Service) -> None:
    """An approval that somebody has taken out of the table by hand ends what the browser shows, too."""
    email = approved(service)
    assert service.http.post(f"/m/{magic_link(service, email)}").status_code in {200, 303}
    assert service.http.get("/signed-in").status_code == 200
    service.deps.approved_emails.delete({"email": email})
    assert service.http.get("/signed-in").status_code == 403


def test_a_link_by_sms_asks_for_approval(service: Service) -> None:
    """It opens the account of somebody approved; somebody new, whose email nobody has proved, gets none."""
    tokens = member(service)
    phone = with_phone(service, tokens)
    sms = {"flow": "sms", "phone_number": phone}
    link = magic_link(service, tokens["email"], **sms)
    assert works(service, entered(service.post("/magic-link/verify", {"token": link})))
    assert magic_link(service, approved(service), flow="sms", phone_number=new_phone()) is None
    service.deps.approved_emails.delete({"email": tokens["email"]})
    assert magic_link(service, tokens["email"], **sms) is None


# ── a new email ─────────────────────────────────────────────────────────────────────────────────────────────────
def ask_for_email(service: Service, tokens: dict[str, str], email: str) -> int:
    """Ask for another email; the status."""
    body = {"email": email, "current_password": PASSWORD}
    headers = {"Authorization": f"Bearer {tokens['token']}"}
    return service.http.patch("/api/v1/auth/me", json=body, headers=headers).status_code


def test_nobody_moves_to_an_email_that_is_not_approved(service: Service) -> None:
    """It is refused when it is asked for, and when its link is followed after the approval has ended."""
    tokens = member(service)
    unapproved, wanted = new_email(), approved(service)
    assert ask_for_email(service, tokens, unapproved) == 403
    assert service.mails(unapproved) == []
    assert ask_for_email(service, tokens, wanted) == 200
    link = {"token": service.link(wanted, "verify")}
    service.deps.approved_emails.delete({"email": wanted})
    assert refused(service.post("/email/verify", link))
    assert found(service, wanted) is None
    assert lives(service, tokens)


def test_a_new_email_ends_the_sessions_of_the_old(service: Service) -> None:
    """Its approval may end sooner: a session that began with the old one's does not outlast it."""
    tokens = member(service)
    ends = service.clock.now + timedelta(minutes=5)
    wanted = approved(service, until=ends)
    assert ask_for_email(service, tokens, wanted) == 200
    assert service.post("/email/verify", {"token": service.link(wanted, "verify")}).status_code == 200
    assert not lives(service, tokens)
    assert service.deps.sessions.of(tokens["user_id"]) == []
    begun = entered(login(service, wanted))
    service.clock.now = ends
    assert not works(service, begun)


def test_without_the_policy_a_new_email_ends_nothing(before: Service) -> None:
    """People whom nobody had to approve stay signed in."""
    account, wanted = before.register(), new_email()
    assert ask_for_email(before, account, wanted) == 200
    assert before.post("/email/verify", {"token": before.link(wanted, "verify")}).status_code == 200
    assert lives(before, account)


# ── who is let in by nobody's approval ──────────────────────────────────────────────────────────────────────────
def test_the_first_admin_signs_in(service: Service) -> None:
    """Somebody must be able to approve the others."""
    first_admin(service.deps, "admin@panzoto.example", PASSWORD)
    approval = service.deps.approved_emails.find("admin@panzoto.example")
    assert approval is not None
    assert (approval.approved_by, approval.expires_at) == ("flask", None)
    assert works(service, entered(login(service, "admin@panzoto.example")))


def test_disabled_people_stay_out(service: Service) -> None:
    """An approval does not outweigh that, by whatever way they come; nor does it bring back who is gone."""
    disabled, gone = member(service), member(service)
    user = found(service, disabled["email"])
    assert user is not None
    service.deps.users.change(user, service.clock(), {"disabled_at": int(service.clock().timestamp())})
    service.deps.users.delete_person(gone["user_id"])
    for tokens in (disabled, gone):
        answer = refresh(service, tokens)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "session_ended")
    assert login(service, disabled["email"]).status_code == 401
    assert magic_link(service, disabled["email"]) is None


def test_a_dead_refresh_token_is_dead_for_its_own_reason(service: Service) -> None:
    """Whoever is signed out hears nothing of approvals, and no event tells of one."""
    tokens = member(service)
    service.post("/logout", token=tokens["token"])
    service.deps.approved_emails.delete({"email": tokens["email"]})
    answer = refresh(service, tokens)
    assert answer.status_code == 401
    assert "approved" not in answer.get_json()["error"]
    assert "approval_ended" not in actions(service, tokens["user_id"])
