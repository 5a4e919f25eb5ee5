"""Identities and accounts: who is signed in by what, how one is linked and taken away, and what is kept out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import limits
from panzoto import create_app
from panzoto.deps import Deps
from panzoto.flows.approvals import approve
from panzoto.flows.delete_me import erase
from panzoto.providers.id_tokens import LEEWAY
from tests.accounts.conftest import PASSWORD
from tests.accounts.test_crashes import Crashes
from tests.oauth import hostile as wrong
from tests.oauth.conftest import OAuth, at, shown
from tests.oauth.hostile import Hostile
from tests.oauth.test_corners import before_the_write
from tests.support.phones import person


@pytest.fixture
def oauth(oauth_for: Callable[..., OAuth], told: Hostile) -> OAuth:
    """The service beside that provider."""
    return oauth_for(at(told.issuer))


def links(oauth: OAuth, account: dict[str, Any], **more: str) -> Any:
    """What somebody who links is answered."""
    return oauth.post("/acme/link", {**shown(), **more}, account["token"])


def email_of(told: Hostile) -> str:
    """The email that the provider says."""
    return f"{told.subject}@people.example"


def test_an_identity_is_its_issuer_and_subject(oauth: OAuth, told: Hostile) -> None:
    """Whoever changes the email at the provider stays who they are; whoever takes the email over is somebody else."""
    first = oauth.connected()
    taken = email_of(told)
    told.claims = {"email": "new@people.example"}
    assert oauth.connected()["user_id"] == first["user_id"]
    told.subject, told.claims = "another", {"email": taken}
    answer = oauth.shows_code()
    assert (answer.status_code, answer.get_json()["code"]) == (409, "link_needed")


def test_an_account_with_that_email_must_sign_in_first(oauth: OAuth, told: Hostile) -> None:
    """A new identity with the email of an account opens it only after the account's owner has linked it."""
    account = oauth.service.register(email_of(told))
    answer = oauth.shows_code()
    assert (answer.status_code, answer.get_json()["code"]) == (409, "link_needed")
    assert links(oauth, account).status_code == 200
    assert oauth.connected()["user_id"] == account["user_id"]
    assert any("can sign in to your account" in each["subject"] for each in oauth.service.mails(account["email"]))
    (event,) = [each for each in oauth.deps.audit.all_of(account["user_id"]) if each["action"] == "identity_linked"]
    assert event["details"] == {"provider": "acme"}


def test_a_verified_email_opens_nothing_by_itself(oauth: OAuth, told: Hostile) -> None:
    """Without OAUTH_LINK_BY_EMAIL an account whose email both have verified is not opened by a new identity."""
    user = person(oauth.deps, email_of(told), email_verified_at=oauth.deps.clock())
    assert oauth.shows_code().get_json()["code"] == "link_needed"
    assert oauth.deps.identities.find(told.issuer, told.subject) is None
    assert oauth.deps.sessions.of(user.user_id) == []


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("theirs", [True, False])
def test_linked_by_email_where_that_is_configured(
    oauth_for: Callable[..., OAuth], told: Hostile, ours: bool, theirs: bool
) -> None:
    """With OAUTH_LINK_BY_EMAIL an identity is linked when both have verified the email, and not otherwise."""
    oauth = oauth_for(at(told.issuer), oauth_link_by_email=True)
    verified = {"email_verified_at": oauth.deps.clock()} if ours else {}
    user = person(oauth.deps, email_of(told), **verified)
    told.claims = {"email_verified": theirs}
    answer = oauth.shows_code()
    if ours and theirs:
        assert answer.get_json()["user_id"] == user.user_id
        assert oauth.connected()["user_id"] == user.user_id
        told.subject, told.claims = "another", {"email": user.email}
        assert oauth.shows_code().get_json()["code"] == "link_needed", "one identity of a provider is enough"
    elif theirs:
        assert answer.get_json()["code"] == "link_needed"
    else:
        assert answer.get_json()["user_id"] != user.user_id
        assert answer.get_json()["user"]["email"] is None


@pytest.mark.parametrize("said", [False, "false", ["true"], ...])
def test_an_email_that_is_not_verified_waits(oauth: OAuth, told: Hostile, said: Any) -> None:
    """A person comes in without the email; a link that is sent there proves it."""
    told.claims = {"email_verified": said}
    account = oauth.connected()
    assert account["user"]["email"] is None
    link = oauth.service.link(email_of(told), "verify")
    assert oauth.service.post("/email/verify", {"token": link}).status_code == 200
    me = oauth.service.get("/me", token=account["token"]).get_json()["user"]
    assert (me["email"], me["email_verified"]) == (email_of(told), True)


def test_identities_do_not_fill_a_mailbox(oauth_for: Callable[..., OAuth], told: Hostile) -> None:
    """Whoever makes identities with a stranger's email signs in by each; the stranger gets no more than a few mails."""
    oauth = oauth_for(at(told.issuer), rate_limits=limits.changed("email.mailbox=2/1h"))
    told.claims, people = {"email": "stranger@people.example", "email_verified": False}, set()
    for number in range(4):
        told.subject = f"one-of-many-{number}"
        people.add(oauth.connected()["user_id"])
    assert len(people) == 4
    assert len(oauth.service.mails("stranger@people.example")) == 2


def test_an_unverified_email_of_somebody_else_gets_no_mail(oauth: OAuth, told: Hostile) -> None:
    """It is its owner's already, and nobody asks them to confirm it for a stranger."""
    owner = oauth.service.register(email_of(told))
    before = len(oauth.service.mails(owner["email"]))
    told.claims = {"email_verified": False}
    account = oauth.connected()
    assert oauth.deps.users.find(account["user_id"]).pending_email is None
    assert len(oauth.service.mails(owner["email"])) == before


@pytest.mark.parametrize("email", [..., "not an email", 5, "a" * 400])
def test_an_email_that_is_none(oauth: OAuth, told: Hostile, email: Any) -> None:
    """A provider need not say an email; what is none is not kept."""
    told.claims = {"email": email}
    account = oauth.connected()
    assert account["user"]["email"] is None
    assert oauth.connected()["user_id"] == account["user_id"]


def test_only_approved_emails(oauth_for: Callable[..., OAuth], told: Hostile) -> None:
    """Where only approved people have accounts, a provider lets in nobody else, and an ended approval nobody."""
    oauth = oauth_for(at(told.issuer), registration_policy="approved")
    answer = oauth.shows_code()
    assert (answer.status_code, answer.get_json()["code"]) == (403, "not_approved")
    approve(oauth.deps, email_of(told), "tests")
    oauth.connected()
    oauth.deps.approved_emails.delete({"email": email_of(told)})
    assert oauth.shows_code().get_json()["code"] == "not_approved"
    told.subject, told.claims = "unproved", {"email_verified": False}
    approve(oauth.deps, email_of(told), "tests")
    assert oauth.shows_code().get_json()["code"] == "not_approved"


def test_an_identity_of_somebody_else(oauth: OAuth, told: Hostile) -> None:
    """An identity belongs to one account, and an account has one identity of a provider."""
    first = oauth.connected()
    second = oauth.service.register()
    answer = links(oauth, second)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "identity_taken")
    told.subject = "another"
    answer = links(oauth, first)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "provider_taken")
    told.subject = "third"
    assert links(oauth, second).status_code == 200
    assert links(oauth, second).status_code == 200, "again brings new tokens"
    assert {each["error"] for each in oauth.log() if each["step"] == "failed"} == {"identity_taken", "provider_taken"}


def test_two_providers_that_are_linked_at_once(oauth_for: Callable[..., OAuth], told: Hostile) -> None:
    """One is, and the other may be linked after it: an account forgets no identity that it has claimed."""
    oauth = oauth_for(at(told.issuer), at(told.issuer, name="other"))
    account = oauth.service.register()

    def link_the_other() -> None:
        told.subject = "another"
        assert oauth.post("/other/link", shown(), account["token"]).status_code == 200

    before_the_write(oauth, "TransactItems", link_the_other)
    assert links(oauth, account).status_code == 409
    told.subject = "third"
    assert links(oauth, account).status_code == 200
    assert oauth.deps.users.find(account["user_id"]).identities == {"acme", "other"}


def test_linking_asks_for_the_password(oauth: OAuth) -> None:
    """Whoever has stolen an access token does not add a way in."""
    account = oauth.service.register()
    oauth.service.clock.pass_by(minutes=5, seconds=10)  # not long enough for the provider's token to end
    assert links(oauth, account).get_json()["code"] == "recent_sign_in_needed"
    assert links(oauth, account, current_password="not the password").get_json()["code"] == "wrong_password"
    assert links(oauth, account, current_password=PASSWORD).status_code == 200


def test_linking_by_an_id_token(oauth: OAuth, told: Hostile) -> None:
    """A linked identity without tokens signs in, and is connected to nothing."""
    account = oauth.service.register()
    told.nonce = "a-nonce-of-the-app"
    body = {"id_token": told.id_token(), "nonce": told.nonce}
    assert oauth.post("/acme/link", body, account["token"]).status_code == 200
    assert oauth.post("/acme/link", body, account["token"]).get_json()["code"] == "id_token_used"
    (found,) = oauth.get("/connections", account["token"]).get_json()["connections"]
    assert (found["signs_in"], found["connected"]) == (True, False)
    assert oauth.get("/acme/access-token", account["token"]).get_json()["code"] == "connection_ended"
    assert oauth.post("/acme/id-token", {"id_token": told.id_token(jti="2"), "nonce": told.nonce}).status_code == 200
    assert oauth.delete("/acme/link", account).get_json() == {"status": "unlinked", "revoked": True}


def test_a_used_id_token_is_remembered_while_it_would_work(oauth: OAuth, told: Hostile) -> None:
    """Clocks may differ by a minute, so that it would for longer than it says: DynamoDB must not forget it before."""
    told.nonce = "a-nonce-of-the-app"
    until = int(oauth.deps.clock().timestamp()) + 600
    assert oauth.post("/acme/id-token", {"id_token": told.id_token(exp=until), "nonce": told.nonce}).status_code == 200
    items = oauth.deps.clients.dynamodb().scan(TableName=oauth.deps.config.auth_state_table)["Items"]
    (mark,) = [each for each in items if each["PK"]["S"].startswith("OAUTH_STATE#id-token#")]
    assert int(mark["TTL"]["N"]) > until + LEEWAY.total_seconds()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": "c", "id_token": "t"},
        {"code": "c"},
        {"id_token": "t"},
        {"id_token": "t", "nonce": "long-enough", "code_verifier": "v" * 43},
    ],
)
def test_links_that_show_nothing(oauth: OAuth, body: dict[str, str]) -> None:
    """A body that shows nothing, or more than one thing, is a 400 with a sentence."""
    account = oauth.service.register()
    assert oauth.post("/acme/link", body, account["token"]).get_json()["code"] == "invalid_request"


@pytest.mark.parametrize("end", [lambda: 10**30, lambda: int(time.time()) + 2 * 86_400], ids=["never", "in two days"])
def test_an_id_token_that_lives_for_ever(oauth: OAuth, told: Hostile, end: Callable[[], int]) -> None:
    """An id token that an app brings must end within a day, or it could not be remembered that it was used."""
    token = told.id_token(exp=end(), nonce="a-nonce-of-the-app")
    answer = oauth.post("/acme/id-token", {"id_token": token, "nonce": "a-nonce-of-the-app"})
    assert answer.get_json()["code"] == "id_token_invalid"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/authorize"), ("GET", "/callback?state=x&code=c"), ("POST", "/exchange"), ("POST", "/link")],
)
def test_tries_of_one_address_are_limited(
    oauth_for: Callable[..., OAuth], told: Hostile, method: str, path: str
) -> None:
    """Each way to a provider and back is charged: past the limit the provider is asked nothing."""
    oauth = oauth_for(at(told.issuer), rate_limits=limits.changed("oauth.address=1/15m"))
    account = oauth.service.register()
    first = oauth.post(f"/acme{path}", shown() if method == "POST" else None, account["token"], method)
    told.asked.clear()
    second = oauth.post(f"/acme{path}", shown() if method == "POST" else None, account["token"], method)
    assert (first.status_code == 429, second.status_code, told.asked) == (False, 429, [])


def test_the_last_way_in_stays(oauth: OAuth, told: Hostile) -> None:
    """Whoever has nothing else cannot take the identity away; whoever has an email, a phone or a password can."""
    told.claims = {"email": ...}
    account = oauth.connected()
    answer = oauth.delete("/acme/link", account)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "last_way_in")
    assert oauth.connected()["user_id"] == account["user_id"]
    user = oauth.deps.users.find(account["user_id"])
    oauth.deps.users.change(user, oauth.deps.clock(), {"phone_number": "+14155550123"})
    assert oauth.delete("/acme/link", account).get_json() == {"status": "unlinked", "revoked": True}
    assert oauth.connected()["user_id"] != account["user_id"]


def test_the_phone_is_no_last_way_in_beside_an_identity(oauth: OAuth, told: Hostile) -> None:
    """A phone may go where an identity stays, and not where the provider is configured no more."""
    told.claims = {"email": ...}
    account = oauth.connected()
    user = oauth.deps.users.find(account["user_id"])
    oauth.deps.users.change(user, oauth.deps.clock(), {"phone_number": "+14155550123"})
    oauth.deps.clients.dynamodb().put_item(
        TableName=oauth.deps.config.auth_state_table,
        Item={"PK": {"S": "USER#+14155550123"}, "SK": {"S": "METADATA"}, "user_id": {"S": account["user_id"]}},
    )
    header = {"Authorization": f"Bearer {account['token']}"}
    assert oauth.http.delete("/api/v1/auth/phone", json={}, headers=header).status_code == 200


@pytest.mark.parametrize("now", [{"sms_sender": "none"}, {"sms_countries": ("DE",)}])
def test_a_phone_that_gets_no_code_is_no_way_in(oauth: OAuth, told: Hostile, now: dict[str, Any]) -> None:
    """Where no SMS is sent to it any more, whoever has but a phone beside the identity keeps the identity."""
    told.claims = {"email": ...}
    account = oauth.connected()
    user = oauth.deps.users.find(account["user_id"])
    oauth.deps.users.change(user, oauth.deps.clock(), {"phone_number": "+14155550123"})
    deps = replace(oauth.deps, config=replace(oauth.deps.config, **now))
    header = {"Authorization": f"Bearer {account['token']}"}
    http = create_app(deps.config, deps).test_client()
    answer = http.delete("/api/v1/oauth/acme/link", json={}, headers=header)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "last_way_in")


def test_unlinking(oauth: OAuth, told: Hostile) -> None:
    """The identity signs in no more, the tokens are gone, the grant is ended, the owner is told."""
    account = oauth.service.register()
    assert oauth.delete("/acme/link", account).get_json()["code"] == "not_connected"
    links(oauth, account)
    assert oauth.delete("/acme/link", account).get_json() == {"status": "unlinked", "revoked": True}
    assert told.count("/revoke") == 1
    assert oauth.delete("/acme/link", account).get_json()["code"] == "not_connected"
    assert oauth.shows_code().get_json()["user_id"] != account["user_id"]
    assert any("does not sign in" in each["subject"] for each in oauth.service.mails(account["email"]))
    assert links(oauth, account).get_json()["code"] == "identity_taken"


def test_a_disabled_account(oauth: OAuth) -> None:
    """An account that was disabled is not opened by a provider either."""
    account = oauth.connected()
    user = oauth.deps.users.find(account["user_id"])
    oauth.deps.users.change(user, oauth.deps.clock(), {"disabled_at": 1})
    assert oauth.shows_code().get_json()["code"] == "access_denied"


def test_connections_show_no_token(oauth: OAuth, told: Hostile) -> None:
    """People see what they are connected to, and what they may be."""
    account = oauth.connected()
    body = oauth.get("/connections", account["token"]).get_json()
    assert body["providers"] == ["acme"]
    (found,) = body["connections"]
    assert found["email"] == email_of(told)
    assert (found["provider"], found["signs_in"], found["connected"]) == ("acme", True, True)
    assert not {"access_token", "refresh_token", "encryptedTokens"} & set(found)
    exported = oauth.service.get("/export", token=account["token"]).get_json()
    assert exported["oauth_steps"]
    assert "encryptedTokens" not in exported["connections"][0]


def test_deletion(oauth: OAuth, told: Hostile) -> None:
    """Whoever leaves takes the identity, the tokens, the grant and the log along; the identity may come anew."""
    account = oauth.connected()
    header = {"Authorization": f"Bearer {account['token']}"}
    assert oauth.http.delete("/api/v1/auth/me", json={}, headers=header).status_code == 202
    oauth.deps.later.finish()
    assert told.count("/revoke") == 1
    assert oauth.deps.oauth_tokens.of(account["user_id"]) == []
    assert oauth.steps(account["user_id"]) == []
    assert oauth.deps.users.find(account["user_id"]) is None
    assert oauth.connected()["user_id"] != account["user_id"]


@pytest.mark.parametrize("wait", [timedelta(hours=1), timedelta(days=8)])
def test_deletion_waits_for_a_provider_that_is_down(oauth: OAuth, told: Hostile, wait: timedelta) -> None:
    """The sweep ends the grant when the provider is back, and after a week it deletes without."""
    told.answers["/revoke"] = wrong.status(500)
    account = oauth.connected()
    header = {"Authorization": f"Bearer {account['token']}"}
    oauth.http.delete("/api/v1/auth/me", json={}, headers=header)
    oauth.deps.later.finish()
    (item,) = oauth.deps.oauth_tokens.of(account["user_id"])
    assert "encryptedTokens" not in item
    user = oauth.deps.users.find(account["user_id"])
    assert user is not None
    if wait < timedelta(days=7):
        del told.answers["/revoke"]
    oauth.service.clock.pass_by(seconds=wait.total_seconds())
    erase(oauth.deps, user)
    assert oauth.deps.users.find(account["user_id"]) is None
    assert oauth.deps.oauth_tokens.of(account["user_id"]) == []


def test_a_crash_while_signing_in(oauth: OAuth, told: Hostile) -> None:
    """After a crash at any call the next sign-in works, and there is one person, one claim and one item."""
    crashes = Crashes(oauth.service)

    def somebody() -> str:
        told.subject = f"sub-{told.count('/token')}"
        return told.subject

    for subject in crashes.each(lambda _: oauth.shows_code(), somebody):
        account = oauth.connected()
        claim = oauth.deps.identities.find(told.issuer, subject)
        assert claim is not None
        assert claim["user_id"] == account["user_id"]
        assert (oauth.deps.emails.find(email_of(told)) or {})["user_id"] == account["user_id"]
        assert oauth.get("/acme/access-token", account["token"]).status_code == 200


def test_a_crash_while_linking(oauth: OAuth, told: Hostile) -> None:
    """Either all of the link is there or nothing, and linking again completes it."""
    crashes = Crashes(oauth.service)
    account = oauth.service.register()

    def somebody() -> str:
        oauth.delete("/acme/link", account)
        return told.subject

    for subject in crashes.each(lambda _: links(oauth, account), somebody):
        deps: Deps = oauth.deps
        linked = deps.identities.find(told.issuer, subject) is not None
        user = deps.users.find(account["user_id"])
        assert user is not None
        assert linked == ("acme" in user.identities)
        assert links(oauth, account).status_code == 200
