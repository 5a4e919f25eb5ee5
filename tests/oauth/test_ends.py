"""The end of a connection, with a provider that is up, down or gone; and a vault that moves under another key."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result

from panzoto import create_app
from panzoto.deps import build
from panzoto.flows.oauth.disconnect import retry
from panzoto.flows.oauth.rewrap import Outcome, rewrap
from panzoto.models.connections import Connection
from panzoto.models.store.wire import encode, encode_item
from panzoto.providers.known import Providers
from tests.oauth import hostile as wrong
from tests.oauth.certified import Certified
from tests.oauth.conftest import OAuth, on
from tests.oauth.hostile import Hostile
from tests.oauth.test_vault import asks, clear, expires, kept


def command(oauth: OAuth, *words: str) -> Result:
    """What an operator's command says."""
    config = oauth.deps.config
    app = create_app(config, oauth.deps)
    return app.test_cli_runner().invoke(args=["vault", *words])


def test_disconnecting_at_a_real_provider(oauth: OAuth, provider: Certified) -> None:
    """The provider ends the grant, so that no token of it works; the identity goes on signing in."""
    account = oauth.signed_in("leaves")
    token = clear(oauth, account["user_id"]).access_token
    assert provider.introspect(token)
    assert oauth.delete("/acme", account).get_json() == {"status": "disconnected", "revoked": True}
    assert not provider.introspect(token)
    found = kept(oauth, account["user_id"])
    assert (found.active, found.reason, found.tokens, found.revocation) == (False, "disconnected", None, None)
    assert asks(oauth, account) == (409, "connection_ended")
    assert oauth.signed_in("leaves")["user_id"] == account["user_id"]
    assert asks(oauth, account)[0] == 200
    assert [each["step"] for each in oauth.steps(account["user_id"])].count("revoked") == 1


def test_a_provider_that_is_down_does_not_hold_it_up(beside: OAuth, told: Hostile) -> None:
    """The tokens are out of use at once; the sweep ends the grant, and erases what it was kept for."""
    account = beside.connected()
    given = clear(beside, account["user_id"])
    told.answers["/revoke"] = wrong.status(500)
    assert beside.delete("/acme", account).get_json() == {"status": "disconnected", "revoked": False}
    assert kept(beside, account["user_id"]).revocation is not None
    assert asks(beside, account) == (409, "connection_ended")
    assert "0 grants ended, 1 are left" in command(beside, "sweep").output
    told.answers.clear()
    assert "1 grants ended, 0 are left" in command(beside, "sweep").output
    assert [form["token"] for path, form in told.asked if path == "/revoke"] == [given.refresh_token] * 3
    assert kept(beside, account["user_id"]).revocation is None
    assert "0 grants ended, 0 are left" in command(beside, "sweep").output
    assert beside.delete("/acme", account).get_json()["revoked"], "twice is as good as once"


def test_connecting_again_takes_nothing_of_it_back(beside: OAuth, told: Hostile) -> None:
    """A grant that somebody has made anew is not ended by what was asked for the one before."""
    account = beside.connected()
    told.answers["/revoke"] = wrong.status(500)
    beside.delete("/acme", account)
    stale = kept(beside, account["user_id"])
    told.answers.clear()
    beside.connected()
    assert kept(beside, account["user_id"]).revocation is None
    assert "0 grants ended" in command(beside, "sweep").output
    assert asks(beside, account)[0] == 200
    assert retry(beside.deps, stale)
    assert kept(beside, account["user_id"]).active, "a sweep that read before does not touch it"


def test_a_provider_that_is_gone_for_good(beside: OAuth, told: Hostile) -> None:
    """After a week nobody is asked any more, and what was kept for it is erased."""
    account = beside.connected()
    told.answers["/revoke"] = wrong.status(400, b'{"error": "invalid_client"}')
    beside.delete("/acme", account)
    ended = kept(beside, account["user_id"])
    assert ended.revocation is not None
    old = replace(ended.revocation, since=beside.deps.clock() - timedelta(days=8))
    beside.deps.oauth_tokens.keep(ended, replace(ended, revocation=old, version=ended.version + 1), beside.deps.clock())
    assert "1 grants ended" in command(beside, "sweep").output
    assert kept(beside, account["user_id"]).revocation is None


@pytest.mark.parametrize("body", [b'{"error": "invalid_token"}', b'{"error": "unsupported_token_type"}'])
def test_a_token_that_the_provider_has_forgotten(beside: OAuth, told: Hostile, body: bytes) -> None:
    """What does not work there needs no end."""
    account = beside.connected()
    told.answers["/revoke"] = wrong.status(400, body)
    assert beside.delete("/acme", account).get_json()["revoked"]


def test_a_provider_that_ends_nothing(beside: OAuth, told: Hostile) -> None:
    """A provider without such an address is told nothing, and the tokens go all the same."""
    told.metadata = {"revocation_endpoint": ...}
    account = beside.connected()
    assert beside.delete("/acme", account).get_json()["revoked"]
    assert kept(beside, account["user_id"]).tokens is None
    assert beside.steps(account["user_id"])[-1]["data"]["told"] is False


def test_a_provider_that_is_configured_no_more(beside: OAuth, told: Hostile) -> None:
    """Its tokens can be erased, and nobody is asked."""
    account = beside.connected()
    without = on(beside, providers=Providers([]))
    assert without.delete("/acme", account).get_json()["revoked"]
    assert told.count("/revoke") == 0
    assert kept(beside, account["user_id"]).tokens is None


def test_tokens_without_a_refresh_token(beside: OAuth, told: Hostile) -> None:
    """Where there is no other, the access token is what is ended."""
    told.tokens = {"refresh_token": ...}
    account = beside.connected()
    token = clear(beside, account["user_id"]).access_token
    beside.delete("/acme", account)
    assert ("/revoke", token) in [(path, form.get("token")) for path, form in told.asked]


def test_disconnecting_asks_for_the_password(beside: OAuth) -> None:
    """Nobody disconnects what they are not connected to, and nobody by a stolen token."""
    account = beside.service.register()
    assert beside.delete("/acme", account).get_json()["code"] == "not_connected"
    beside.service.clock.pass_by(minutes=6)
    assert beside.delete("/acme", account).get_json()["code"] == "recent_sign_in_needed"


def keys(oauth: OAuth) -> OAuth:
    """The same service, with the vault under a new key."""
    kms = oauth.deps.clients.kms()
    new = kms.create_key(Description="new")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/new", TargetKeyId=new)
    config = replace(oauth.deps.config, oauth_kms_key="alias/new")
    built = build(config)
    return on(oauth, config=config, vault=built.vault, data_keys=built.data_keys)


def test_rewrapping(beside: OAuth, told: Hostile) -> None:
    """Every connection's tokens are under the new key then, those that wait for their end too; again does nothing."""
    accounts = []
    for number in range(4):
        told.subject = f"somebody-{number}"
        accounts.append(beside.connected())
    told.answers["/revoke"] = wrong.status(500)
    beside.delete("/acme", accounts[3])
    before = [clear(beside, each["user_id"]) for each in accounts[:3]]
    moved = keys(beside)
    assert asks(moved, accounts[0])[0] == 200, "what the old key sealed still opens"
    ended = command(moved, "rewrap")
    assert (ended.exit_code, ended.output) == (0, "4 rewrapped, 0 were under the key already.\n")
    current = moved.deps.data_keys.current()
    assert [clear(moved, each["user_id"]) for each in accounts[:3]] == before
    for each in accounts[:3]:
        sealed = kept(moved, each["user_id"]).tokens
        assert sealed is not None
        assert sealed.key_id == current
    waiting = kept(moved, accounts[3]["user_id"]).revocation
    assert waiting is not None
    assert waiting.tokens.key_id == current
    assert command(moved, "rewrap").output == "0 rewrapped, 4 were under the key already.\n"
    told.answers.clear()
    assert "1 grants ended" in command(moved, "sweep").output


def test_rewrapping_is_resumed(beside: OAuth, told: Hostile) -> None:
    """What cannot be rewrapped is named, the others are done, and the command says not to let go of the old key."""
    first = beside.connected()
    told.subject = "second"
    second = beside.connected()
    blob = beside.deps.oauth_tokens.of(first["user_id"])[0]["encryptedTokens"]
    change_tokens(beside, first, {**blob, "ciphertext": b"broken" * 10})
    moved = keys(beside)
    ended = command(moved, "rewrap")
    assert ended.exit_code == 1
    assert "not rewrapped: KeyRejected" in ended.output
    assert "1 could not be rewrapped and 0 were in use: keep the old key" in ended.output
    change_tokens(beside, first, blob)
    assert command(moved, "rewrap").output == "1 rewrapped, 1 were under the key already.\n"
    assert asks(moved, first)[0] == asks(moved, second)[0] == 200


def change_tokens(oauth: OAuth, account: dict[str, Any], blob: dict[str, Any]) -> None:
    """Put other bytes into an item."""
    oauth.deps.clients.dynamodb().update_item(
        TableName=oauth.deps.config.oauth_tokens_table,
        Key={"userId": {"S": account["user_id"]}, "provider": {"S": "acme"}},
        UpdateExpression="SET encryptedTokens = :blob",
        ExpressionAttributeValues={":blob": encode(blob)},
    )


def test_rewrapping_waits_for_who_refreshes(beside: OAuth, told: Hostile) -> None:
    """A connection that somebody refreshes is left alone, or what the provider gives would be lost."""
    account = beside.connected()
    expires(beside, account["user_id"])
    moved = keys(beside)
    said: list[Result] = []

    def respond(handler: wrong.Handler) -> None:
        del told.answers["/token"]
        said.append(command(moved, "rewrap"))
        handler.say(200, json.dumps(told.answer("/token")).encode())

    told.answers["/token"] = respond
    assert asks(beside, account)[0] == 200
    assert "0 could not be rewrapped and 1 were in use" in said[0].output
    assert command(moved, "rewrap").exit_code == 0


def test_a_connection_that_is_gone_meanwhile(beside: OAuth) -> None:
    """What was deleted since it was read needs nothing."""
    gone = Connection(user_id="gone", provider="acme")
    assert rewrap(beside.deps, gone, "key") is Outcome.NOTHING


def test_a_lease_that_has_run_out(beside: OAuth, told: Hostile) -> None:
    """A connection whose refresher has died is rewrapped like any other."""
    account = beside.connected()
    now = beside.deps.clock()
    beside.deps.oauth_tokens.lease(kept(beside, account["user_id"]), now, now - timedelta(seconds=1))
    moved = keys(beside)
    assert command(moved, "rewrap").output == "1 rewrapped, 0 were under the key already.\n"
    assert asks(moved, account)[0] == 200


def test_an_item_that_cannot_be_read(beside: OAuth) -> None:
    """A sweep and a rewrap name what they cannot read, and go on."""
    beside.connected()
    odd = encode_item({"userId": "odd", "provider": "acme", "revocation": {"tokens": {}, "since": 1}})
    beside.deps.clients.dynamodb().put_item(TableName=beside.deps.config.oauth_tokens_table, Item=odd)
    swept, moved = command(beside, "sweep"), command(beside, "rewrap")
    assert "odd at acme: not ended: KeyRejected" in swept.output
    assert "0 grants ended, 1 are left" in swept.output
    assert "odd at acme: not rewrapped: KeyRejected" in moved.output


def test_commands_without_a_store(beside: OAuth) -> None:
    """DynamoDB that does not answer is one sentence."""
    config = replace(beside.deps.config, dynamodb_endpoint="http://127.0.0.1:9", dynamodb_deadline=timedelta(seconds=1))
    away = on(beside, config=config)
    for word in ("sweep", "rewrap"):
        ended = command(away, word)
        assert ended.exit_code == 1
        assert "Error: The service cannot reach its storage" in ended.output
