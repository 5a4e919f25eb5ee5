"""Whoever registers with somebody else's email, links an identity and waits is out for good when the owner comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.accounts.conftest import PASSWORD
from tests.oauth.conftest import OAuth, at, shown
from tests.oauth.hostile import Hostile

Way = Callable[[OAuth, str], dict[str, Any]]
NEW_PASSWORD = "a quite new passw0rd of hers"


@pytest.fixture
def oauth(oauth_for: Callable[..., OAuth], told: Hostile) -> OAuth:
    """The service beside that provider."""
    return oauth_for(at(told.issuer))


def links(oauth: OAuth, account: dict[str, Any]) -> None:
    """Link the identity that the provider has just now."""
    assert oauth.post("/acme/link", shown(), account["token"]).status_code == 200


def by_link(oauth: OAuth, email: str) -> dict[str, Any]:
    """The owner of the mailbox signs in by a link."""
    assert oauth.service.post("/magic-link", {"email": email}).status_code == 202
    return came(oauth.service.post("/magic-link/verify", {"token": oauth.service.link(email, "m")}))


def by_reset(oauth: OAuth, email: str) -> dict[str, Any]:
    """The owner of the mailbox chooses a new password."""
    assert oauth.service.post("/password/forgot", {"email": email}).status_code == 202
    body = {"token": oauth.service.link(email, "reset"), "new_password": NEW_PASSWORD, "abandon_audio": True}
    return came(oauth.service.post("/password/reset", body))


def came(answer: Any) -> dict[str, Any]:
    """Somebody who has signed in."""
    assert answer.status_code == 200, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def strangers(oauth: OAuth, told: Hostile, email: str | None = None) -> dict[str, Any]:
    """An account with somebody else's email, to which a stranger has linked an identity."""
    told.subject = "stranger"
    account = oauth.service.register(email)
    links(oauth, account)
    return account


def test_an_identity_of_before_the_proof_opens_nothing(oauth: OAuth, told: Hostile) -> None:
    """Whoever proves an account's email for the first time takes it over from identities that were linked before.

    Its owner links the identity again, signed in, and comes in by it as before.
    """
    account = strangers(oauth, told)
    owner = by_link(oauth, account["email"])
    assert owner["user_id"] == account["user_id"]
    answer = oauth.shows_code()
    assert (answer.status_code, answer.get_json()["code"]) == (409, "link_needed")
    assert oauth.get("/acme/access-token", owner["token"]).get_json()["code"] == "not_connected", "the stranger's"
    (shown,) = oauth.get("/connections", owner["token"]).get_json()["connections"]
    assert (shown["signs_in"], shown["connected"]) == (False, False)
    links(oauth, owner)
    assert oauth.connected()["user_id"] == account["user_id"]
    assert oauth.get("/acme/access-token", owner["token"]).status_code == 200


@pytest.mark.parametrize("way", [by_link, by_reset])
def test_the_owners_own_identity_lets_no_other_in(oauth: OAuth, told: Hostile, way: Way) -> None:
    """When she links hers at the same provider, the stranger's is free: it opens an account of its own."""
    account = strangers(oauth, told)
    owner = way(oauth, account["email"])
    told.subject = "owner"
    links(oauth, owner)
    told.subject = "stranger"
    assert oauth.connected()["user_id"] != account["user_id"]
    kept = oauth.deps.oauth_tokens.find(account["user_id"], "acme")
    assert (kept.subject, kept.active) == ("owner", True)
    told.subject = "owner"
    assert oauth.connected()["user_id"] == account["user_id"]


def test_an_identity_that_is_linked_by_its_email_lets_no_other_in(
    oauth_for: Callable[..., OAuth], told: Hostile
) -> None:
    """With OAUTH_LINK_BY_EMAIL she need not even link it: she signs in by it."""
    oauth = oauth_for(at(told.issuer), oauth_link_by_email=True)
    account = strangers(oauth, told, "owner@people.example")
    by_link(oauth, account["email"])
    told.subject = "owner"
    assert oauth.connected()["user_id"] == account["user_id"]
    told.subject, told.claims = "stranger", {"email": "stranger@people.example"}
    assert oauth.connected()["user_id"] != account["user_id"]


def test_what_was_unlinked_is_in_nobodys_way(oauth: OAuth, told: Hostile) -> None:
    """Another identity may take the place of one that its owner has taken away, which is free for another account."""
    account = strangers(oauth, told)
    assert oauth.delete("/acme/link", account, current_password=PASSWORD).status_code == 200
    told.subject = "another"
    links(oauth, account)
    assert oauth.connected()["user_id"] == account["user_id"]
    told.subject, told.claims = "stranger", {"email": "stranger@people.example"}
    assert oauth.connected()["user_id"] != account["user_id"]


def test_a_claim_that_is_left_opens_nothing(oauth: OAuth, told: Hostile) -> None:
    """Of two identities of a provider the one in the vault is the account's, whatever else claims to be."""
    account = strangers(oauth, told)
    owner = by_link(oauth, account["email"])
    claim = oauth.deps.identities.find(told.issuer, "stranger")
    told.subject = "owner"
    links(oauth, owner)
    oauth.deps.identities.put(claim)
    told.subject = "stranger"
    answer = oauth.shows_code()
    assert (answer.status_code, answer.get_json()["code"]) == (409, "link_needed")
