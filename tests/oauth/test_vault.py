"""The vault: live tokens for everybody who asks, from one refresh, whatever the provider does meanwhile."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from panzoto import counters
from panzoto.crypto.vault import Sealed
from panzoto.deps import build
from panzoto.errors import Conflict, KeyRejected
from panzoto.flows.oauth._tokens import opened
from panzoto.models.connections import Connection
from tests.oauth import hostile as wrong
from tests.oauth.acts import ask_alone, ask_together
from tests.oauth.certified import Certified
from tests.oauth.conftest import API, OAuth, at, on
from tests.oauth.hostile import Hostile
from tests.support import races
from tests.support.effort import tries

PROCESSES, THREADS = 5, tries(10, at_home=4)


def connected(oauth: OAuth, told: Hostile) -> dict[str, Any]:
    """Somebody whose tokens are in the vault, of which the provider was asked nothing yet."""
    account = oauth.connected()
    told.asked.clear()
    return account


def expires(oauth: OAuth, user_id: str, seconds: int = -3600) -> None:
    """From now on the access token has so long to go."""
    connection = kept(oauth, user_id)
    ends = int(oauth.deps.clock().timestamp()) + seconds
    before = oauth.deps.clock() - timedelta(hours=1)
    oauth.deps.clients.dynamodb().update_item(
        TableName=oauth.deps.config.oauth_tokens_table,
        Key={"userId": {"S": user_id}, "provider": {"S": connection.provider}},
        UpdateExpression="SET expiresAt = :ends, updatedAt = :before",
        ExpressionAttributeValues={":ends": {"N": str(ends)}, ":before": {"S": before.isoformat()}},
    )


def kept(oauth: OAuth, user_id: str) -> Connection:
    """The vault's item."""
    found: Connection | None = oauth.deps.oauth_tokens.find(user_id, "acme")
    assert found is not None
    return found


def clear(oauth: OAuth, user_id: str) -> Any:
    """The tokens in the vault."""
    sealed = kept(oauth, user_id).tokens
    assert sealed is not None
    return opened(oauth.deps, sealed, user_id, "acme")


def asks(oauth: OAuth, account: dict[str, Any]) -> tuple[int, str]:
    """What somebody is answered who wants the token."""
    answer = oauth.get("/acme/access-token", account["token"])
    body = answer.get_json()
    return answer.status_code, body.get("access_token") or body["code"]


def test_one_of_many_refreshes(oauth_for: Callable[..., OAuth], provider: Certified) -> None:
    """Many callers of five processes find the token expired: the provider, which rotates, sees one refresh."""
    # So many at once on a busy machine may wait long for the emulator; how often it is refreshed is what is asked here.
    oauth = oauth_for(at(provider.issuer), dynamodb_deadline=timedelta(seconds=60))
    account = oauth.signed_in()
    before = provider.counts()["/token"]
    with races.racers(PROCESSES) as racers:
        for rounds in range(1, 4):
            expires(oauth, account["user_id"])
            started = [
                racers._pool.submit(ask_together, oauth.deps.config, account["token"], THREADS)
                for _ in range(PROCESSES)
            ]
            answers: Counter[tuple[int, str]] = sum((each.result(120) for each in started), Counter())
            assert answers == {(200, clear(oauth, account["user_id"]).access_token): PROCESSES * THREADS}
            assert provider.counts()["/token"] - before == rounds
    assert kept(oauth, account["user_id"]).active
    assert provider.introspect(clear(oauth, account["user_id"]).access_token)


def test_a_process_is_killed_in_mid_refresh(beside: OAuth, told: Hostile) -> None:
    """Whoever has the lease and dies is followed by another once it has run out."""
    account = connected(beside, told)
    expires(beside, account["user_id"])
    released, reached = threading.Event(), threading.Event()

    def respond(handler: wrong.Handler) -> None:
        reached.set()
        released.wait(60)
        handler.close_connection = True

    told.answers["/token"] = respond
    process = races.forking().Process(target=ask_alone, args=(beside.deps.config, account["token"]), daemon=True)
    process.start()
    assert reached.wait(60)
    process.kill()
    process.join(30)
    assert process.exitcode == -9
    released.set()
    del told.answers["/token"]
    waits: list[float] = []
    assert asks(on(beside, wait=waits.append), account) == (503, "provider_unavailable")
    assert 7 < sum(waits) < 9
    assert told.count("/token") == 1
    beside.service.clock.pass_by(minutes=1)
    status, token = asks(beside, account)
    assert status == 200
    assert token == clear(beside, account["user_id"]).access_token
    assert told.count("/token") == 2


def test_a_token_that_lives_is_given_as_it_is(beside: OAuth, told: Hostile) -> None:
    """The provider hears nothing of it, and that it was used is noted once a minute."""
    account = connected(beside, told)
    assert asks(beside, account) == (200, clear(beside, account["user_id"]).access_token)
    first = kept(beside, account["user_id"]).last_used
    beside.service.clock.pass_by(seconds=59)
    asks(beside, account)
    assert kept(beside, account["user_id"]).last_used == first
    beside.service.clock.pass_by(seconds=2)
    asks(beside, account)
    assert kept(beside, account["user_id"]).last_used == beside.deps.clock()
    assert told.asked == []


def test_a_token_that_is_about_to_end_is_replaced(beside: OAuth, told: Hostile) -> None:
    """Within OAUTH_REFRESH_MARGIN of its end a new one is given; a provider that does not rotate keeps its grant."""
    account = connected(beside, told)
    old = clear(beside, account["user_id"])
    expires(beside, account["user_id"], 119)
    told.tokens = {"refresh_token": ...}
    status, token = asks(beside, account)
    assert status == 200
    assert token != old.access_token
    assert clear(beside, account["user_id"]).refresh_token == old.refresh_token
    assert kept(beside, account["user_id"]).version == 2
    assert beside.steps(account["user_id"])[-1]["step"] == "refreshed"


def test_tokens_that_live_for_less_than_the_margin(beside: OAuth, told: Hostile) -> None:
    """A provider whose tokens live for a minute is not asked for each caller, but when one is about to end."""
    account = connected(beside, told)
    expires(beside, account["user_id"])
    told.tokens = {"expires_in": 60}
    first = asks(beside, account)
    beside.service.clock.pass_by(seconds=45)
    assert asks(beside, account) == first
    assert told.count("/token") == 1
    beside.service.clock.pass_by(seconds=10)
    assert asks(beside, account) != first
    assert told.count("/token") == 2


def test_a_provider_that_is_down_costs_nothing_while_the_token_lives(beside: OAuth, told: Hostile) -> None:
    """Until its end the old token is given; after it 503 says to try again, and the connection stays."""
    account = connected(beside, told)
    old = clear(beside, account["user_id"])
    expires(beside, account["user_id"], 60)
    told.answers["/token"] = wrong.status(500)
    assert asks(beside, account) == (200, old.access_token)
    assert asks(beside, account) == (200, old.access_token), "nobody asks again at once, and nobody waits"
    assert told.count("/token") == 1
    beside.service.clock.pass_by(hours=2)
    fresh = connected_again(beside, account)
    answer = beside.get("/acme/access-token", fresh)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "provider_unavailable")
    assert "Retry-After" in answer.headers
    assert kept(beside, account["user_id"]).active
    del told.answers["/token"]
    beside.service.clock.pass_by(seconds=3)
    assert beside.get("/acme/access-token", fresh).status_code == 200


def connected_again(oauth: OAuth, account: dict[str, Any]) -> str:
    """A new access token of ours for the same session."""
    body = {"refresh_token": account["refresh_token"]}
    token: str = oauth.service.post("/refresh", body).get_json()["token"]
    return token


@pytest.mark.parametrize(
    ("respond", "code"),
    [
        (wrong.status(400, b'{"error": "invalid_grant"}'), "connection_ended"),
        (wrong.status(401, b'{"error": "invalid_client"}'), "provider_refused"),
        (wrong.status(200, b"{}"), "provider_misbehaved"),
    ],
)
def test_a_grant_that_was_withdrawn(beside: OAuth, told: Hostile, respond: wrong.Respond, code: str) -> None:
    """`invalid_grant` ends the connection with a reason, and erases the tokens; nothing else does."""
    account = connected(beside, told)
    expires(beside, account["user_id"])
    told.answers["/token"] = respond
    assert asks(beside, account)[1] == code
    found = kept(beside, account["user_id"])
    if code == "connection_ended":
        assert (found.active, found.reason, found.tokens) == (False, "invalid_grant", None)
        (failed,) = [each for each in beside.steps(account["user_id"]) if each["step"] == "failed"]
        assert (failed["error"], failed["data"]["reason"]) == ("connection_ended", "invalid_grant")
        assert asks(beside, account) == (409, "connection_ended")
        assert told.count("/token") == 1
        del told.answers["/token"]
        assert beside.shows_code("again").get_json()["user_id"] == account["user_id"]
        assert asks(beside, account)[0] == 200
    else:
        assert found.active


def test_tokens_that_nothing_renews(beside: OAuth, told: Hostile) -> None:
    """Without a refresh token the access token is given until its end, and then the connection has ended."""
    told.tokens = {"refresh_token": ...}
    account = connected(beside, told)
    assert asks(beside, account)[0] == 200
    beside.service.clock.pass_by(minutes=59)
    fresh = connected_again(beside, account)
    assert beside.get("/acme/access-token", fresh).status_code == 200
    beside.service.clock.pass_by(minutes=2)
    answer = beside.get("/acme/access-token", fresh)
    assert answer.get_json()["code"] == "connection_ended"
    assert kept(beside, account["user_id"]).reason == "expired"
    assert told.asked == []


def test_a_second_consent_without_a_refresh_token_keeps_the_first(beside: OAuth, told: Hostile) -> None:
    """A provider may give a refresh token at the first consent alone."""
    account = connected(beside, told)
    old = clear(beside, account["user_id"])
    told.tokens = {"refresh_token": ...}
    beside.shows_code("again")
    new = clear(beside, account["user_id"])
    assert new.access_token != old.access_token
    assert new.refresh_token == old.refresh_token


def test_a_refresh_overwrites_nothing_newer(beside: OAuth, told: Hostile) -> None:
    """Tokens that come while another refreshes stay, and are what everybody gets."""
    account = connected(beside, told)
    expires(beside, account["user_id"])
    newer: list[str] = []

    def respond(handler: wrong.Handler) -> None:
        body = told.answer("/token")
        del told.answers["/token"]
        beside.shows_code("again")
        newer.append(clear(beside, account["user_id"]).access_token)
        handler.say(200, json.dumps(body).encode())

    told.answers["/token"] = respond
    assert asks(beside, account) == (200, newer[0])
    assert clear(beside, account["user_id"]).access_token == newer[0]


def test_a_connection_that_ends_during_a_refresh(beside: OAuth, told: Hostile) -> None:
    """What the provider gives after its owner has disconnected is ended there, and kept nowhere."""
    account = connected(beside, told)
    expires(beside, account["user_id"])
    given: list[str] = []

    def respond(handler: wrong.Handler) -> None:
        body = told.answer("/token")
        given.append(body["refresh_token"])
        beside.post("/acme", {}, account["token"], method="DELETE")
        handler.say(200, json.dumps(body).encode())

    told.answers["/token"] = respond
    assert asks(beside, account) == (409, "connection_ended")
    assert given[0] in [form.get("token") for path, form in told.asked if path == "/revoke"]
    assert kept(beside, account["user_id"]).tokens is None


def test_an_old_refusal_ends_nothing_newer(beside: OAuth, told: Hostile) -> None:
    """`invalid_grant` for a token that somebody has replaced meanwhile says nothing of the new one."""
    account = connected(beside, told)
    expires(beside, account["user_id"])

    def respond(handler: wrong.Handler) -> None:
        del told.answers["/token"]
        beside.shows_code("again")
        handler.say(400, b'{"error": "invalid_grant"}')

    told.answers["/token"] = respond
    assert asks(beside, account) == (200, clear(beside, account["user_id"]).access_token)
    assert kept(beside, account["user_id"]).active


def test_a_blob_that_was_moved_does_not_open(beside: OAuth, told: Hostile) -> None:
    """Sealed tokens in another person's item, at another provider, or with a byte changed, open for nobody."""
    account = connected(beside, told)
    sealed = kept(beside, account["user_id"]).tokens
    assert sealed is not None
    with pytest.raises(KeyRejected):
        beside.deps.data_keys.unwrap(sealed.data_key, {"userId": "somebody-else", "provider": "acme"})
    key = beside.deps.data_keys.unwrap(sealed.data_key, {"userId": account["user_id"], "provider": "acme"})
    with pytest.raises(InvalidTag):
        AESGCM(key).decrypt(sealed.ciphertext[:12], sealed.ciphertext[12:], b"panzoto/vault/v1\0somebody-else\0acme")
    broken = Sealed(sealed.key_id, sealed.data_key, sealed.ciphertext[:-1] + bytes([sealed.ciphertext[-1] ^ 1]))
    for blob, user_id, provider in (
        (sealed, "somebody-else", "acme"),
        (sealed, account["user_id"], "google"),
        (broken, account["user_id"], "acme"),
    ):
        with pytest.raises(KeyRejected):
            opened(beside.deps, blob, user_id, provider)


def test_a_moved_blob_ends_the_connection(beside: OAuth, told: Hostile) -> None:
    """Whoever gets another person's sealed tokens into their own item has nothing of them."""
    victim = connected(beside, told)
    told.subject = "thief"
    thief = connected(beside, told)
    client, table = beside.deps.clients.dynamodb(), beside.deps.config.oauth_tokens_table
    item = client.get_item(TableName=table, Key={"userId": {"S": victim["user_id"]}, "provider": {"S": "acme"}})["Item"]
    client.put_item(TableName=table, Item={**item, "userId": {"S": thief["user_id"]}})
    assert asks(beside, thief) == (400, "key_rejected")
    expires(beside, thief["user_id"])
    assert asks(beside, thief) == (409, "connection_ended")
    assert kept(beside, thief["user_id"]).reason == "unreadable"
    assert asks(beside, victim)[0] == 200


def test_who_may_have_it(oauth_for: Callable[..., OAuth], told: Hostile) -> None:
    """A scope that was not granted, a sign-in that is too old, and a provider that is kept back are refused."""
    oauth = oauth_for(at(told.issuer), oauth_access_token_recent=timedelta(minutes=5))
    account = connected(oauth, told)
    assert oauth.get("/acme/access-token", account["token"], scope="openid email").status_code == 200
    answer = oauth.get("/acme/access-token", account["token"], scope="openid drive")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "scope_missing")
    oauth.service.clock.pass_by(minutes=6)
    assert asks(oauth, account) == (403, "recent_sign_in_needed")
    kept_back = oauth_for_again(oauth, told)
    assert asks(kept_back, account) == (403, "tokens_kept_back")
    stranger = oauth.service.register()
    assert asks(oauth, stranger) == (404, "not_connected")
    assert oauth.http.get(f"{API}/acme/access-token").status_code == 401


def oauth_for_again(oauth: OAuth, told: Hostile) -> OAuth:
    """The same service, whose provider's tokens are not for apps."""
    config = replace(oauth.deps.config, oauth_providers=(at(told.issuer, releases_tokens=False),))
    return on(oauth, providers=build(config).providers)


def test_an_ended_session_gets_no_token(oauth_for: Callable[..., OAuth], told: Hostile) -> None:
    """With REVOCATION_CACHE_SECONDS neither: a provider's token is worth an act, and no copy of the person decides."""
    oauth = oauth_for(at(told.issuer), revocation_cache_seconds=30)
    account = oauth.connected()
    assert oauth.service.get("/me", token=account["token"]).status_code == 200
    oauth.deps.users.raise_epoch(oauth.deps.users.find(account["user_id"]), oauth.deps.clock())
    assert oauth.service.get("/me", token=account["token"]).status_code == 200, "the copy"
    assert asks(oauth, account) == (401, "session_ended")


def test_what_it_costs_of_kms(beside: OAuth, told: Hostile) -> None:
    """A live token is one Decrypt, a refresh one more data key, a sign-in one data key: nothing is cached."""
    before = kms()
    account = connected(beside, told)
    assert kms() - before == {"GenerateDataKey": 1}
    before = kms()
    for _ in range(3):
        asks(beside, account)
    assert kms() - before == {"Decrypt": 3}
    expires(beside, account["user_id"])
    before = kms()
    asks(beside, account)
    assert kms() - before == {"Decrypt": 1, "GenerateDataKey": 1}


def kms() -> Counter[str]:
    """The calls of KMS so far."""
    found: Counter[str] = Counter()
    for metric in counters.KMS.collect():
        for sample in metric.samples:
            if sample.name.endswith("_total"):
                found[sample.labels["call"]] = int(sample.value)
    return found


def test_the_item_has_the_attributes_of_the_seed(beside: OAuth, told: Hostile) -> None:
    """`expiresAt` is a number and no TTL; of the person there is no more than is needed."""
    account = connected(beside, told)
    (item,) = beside.deps.oauth_tokens.of(account["user_id"])
    assert set(item) >= {
        *("userId", "provider", "email", "encryptedTokens", "userInfo", "createdAt", "updatedAt", "expiresAt"),
        *("isActive", "lastUsed"),
    }
    assert set(item["userInfo"]) == {"sub", "email", "email_verified", "name"}
    assert (item["isActive"], type(item["expiresAt"])) == (True, int)
    assert set(item["encryptedTokens"]) == {"version", "algorithm", "keyId", "dataKey", "ciphertext"}
    assert beside.deps.oauth_tokens.spec.ttl is None


def test_two_writes_of_one_version(beside: OAuth, told: Hostile) -> None:
    """Of two who have read the same version one writes."""
    account = connected(beside, told)
    found = kept(beside, account["user_id"])
    beside.deps.oauth_tokens.keep(found, replace(found, version=found.version + 1), beside.deps.clock())
    with pytest.raises(Conflict):
        beside.deps.oauth_tokens.keep(found, replace(found, version=found.version + 1), beside.deps.clock())
