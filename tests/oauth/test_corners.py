"""What happens seldom: KMS that does not answer, secrets that are none, writes that cross, items made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from panzoto.aws.oauth_clients import OAuthClients
from panzoto.crypto.vault import Sealed
from panzoto.deps import build
from panzoto.errors import ConnectionEnded, KeyRejected, KeysUnavailable, ProviderNotReady
from panzoto.flows.oauth.disconnect import retry
from panzoto.flows.oauth.rewrap import Outcome, rewrap
from panzoto.local.preparing import make_secret
from panzoto.models.connections import Connection, from_item
from panzoto.models.oauth_tokens import LeaseHeld
from panzoto.providers.tokens import tokens_of
from tests.oauth import hostile as wrong
from tests.oauth.conftest import API, OAuth, at, on, shown
from tests.oauth.hostile import Hostile
from tests.oauth.test_ends import keys
from tests.oauth.test_vault import asks, clear, connected, expires, kept
from tests.support import border, tables


@pytest.fixture
def oauth(oauth_for: Callable[..., OAuth], told: Hostile) -> OAuth:
    """The service beside that provider."""
    return oauth_for(at(told.issuer))


def without_kms(oauth: OAuth, **changes: Any) -> OAuth:
    """The same service, whose KMS has not the key that is configured, or is not there."""
    built = build(replace(oauth.deps.config, **changes))
    return on(oauth, config=built.config, vault=built.vault, data_keys=built.data_keys)


def test_kms_does_not_answer(oauth: OAuth, told: Hostile) -> None:
    """Nothing is given out, nothing is ended, and the provider is not asked for what could not be kept."""
    account = connected(oauth, told)
    expires(oauth, account["user_id"])
    away = without_kms(oauth, aws_endpoint="http://127.0.0.1:9", dynamodb_endpoint=oauth.deps.config.aws_endpoint)
    assert asks(away, account) == (503, "keys_unavailable")
    assert told.count("/token") == 0
    oauth.service.clock.pass_by(seconds=3)
    wrong_key = without_kms(oauth, oauth_kms_key="alias/nobody-made-it")
    assert asks(wrong_key, account) == (503, "keys_unavailable")
    assert told.count("/token") == 0
    assert kept(oauth, account["user_id"]).active
    oauth.service.clock.pass_by(seconds=3)
    assert asks(oauth, account)[0] == 200
    with pytest.raises(KeysUnavailable):
        wrong_key.deps.data_keys.current()
    assert "rewrapped" not in _rewraps(wrong_key)


def _rewraps(oauth: OAuth) -> str:
    app = oauth.http.application
    return str(app.test_cli_runner().invoke(args=["vault", "rewrap"]).output)


def test_disconnecting_while_kms_is_away(oauth: OAuth, told: Hostile) -> None:
    """What cannot be opened now waits for the sweep."""
    account = connected(oauth, told)
    away = without_kms(oauth, aws_endpoint="http://127.0.0.1:9", dynamodb_endpoint=oauth.deps.config.aws_endpoint)
    assert away.delete("/acme", account).get_json() == {"status": "disconnected", "revoked": False}


def test_tokens_that_do_not_open_any_more(oauth: OAuth, told: Hostile) -> None:
    """Their end is not asked for again and again: they are erased; and a new consent does not stumble over them."""
    account = connected(oauth, told)
    found = kept(oauth, account["user_id"])
    assert found.tokens is not None
    broken = Sealed(found.tokens.key_id, found.tokens.data_key, b"x" * 40)
    oauth.deps.oauth_tokens.keep(found, replace(found, tokens=broken, version=2), oauth.deps.clock())
    told.tokens = {"refresh_token": ...}
    assert oauth.shows_code().status_code == 200
    assert clear(oauth, account["user_id"]).refresh_token is None
    found = kept(oauth, account["user_id"])
    oauth.deps.oauth_tokens.keep(found, replace(found, tokens=broken, version=9), oauth.deps.clock())
    assert oauth.delete("/acme", account).get_json()["revoked"]
    assert oauth.steps(account["user_id"])[-1]["error"] == "revocation_impossible"


def test_a_consent_without_a_refresh_token_waits_for_who_refreshes(oauth: OAuth, told: Hostile) -> None:
    """The refresh token that is there may just be replaced: what would keep the old one keeps nothing."""
    account = connected(oauth, told)
    expires(oauth, account["user_id"])
    given = told.answer("/token")

    def respond(handler: wrong.Handler) -> None:
        del told.answers["/token"]
        told.tokens = {"refresh_token": ...}
        assert oauth.shows_code().status_code == 200
        told.tokens = {}
        handler.say(200, json.dumps(given).encode())

    told.answers["/token"] = respond
    assert asks(oauth, account) == (200, given["access_token"])
    kept_at_last = clear(oauth, account["user_id"])
    assert (kept_at_last.access_token, kept_at_last.refresh_token) == (given["access_token"], given["refresh_token"])


def test_a_known_identity_without_its_item(oauth: OAuth, told: Hostile) -> None:
    """An item that somebody has deleted by hand is made anew by the next sign-in, with tokens or without."""
    account = connected(oauth, told)
    oauth.deps.oauth_tokens.forget(account["user_id"])
    assert asks(oauth, account) == (404, "not_connected")
    assert oauth.shows_code().get_json()["user_id"] == account["user_id"]
    assert asks(oauth, account)[0] == 200
    oauth.deps.oauth_tokens.forget(account["user_id"])
    told.nonce = "a-nonce-of-the-app"
    body = {"id_token": told.id_token(), "nonce": told.nonce}
    assert oauth.post("/acme/id-token", body).get_json()["user_id"] == account["user_id"]
    assert asks(oauth, account) == (409, "connection_ended")
    again = {"id_token": told.id_token(jti="another"), "nonce": told.nonce}
    assert oauth.post("/acme/link", again, account["token"]).status_code == 200, "which brings nothing new"


def test_an_item_of_older_software(oauth: OAuth, told: Hostile) -> None:
    """Tokens that are sealed in another way are none to us, and keep nobody from coming in or connecting anew."""
    account = connected(oauth, told)
    foreign = {"userId": account["user_id"], "provider": "acme", "email": "ann@example.com", "isActive": True}
    foreign |= {"encryptedTokens": {"iv": "AAAA", "data": "BBBB"}, "expiresAt": 1_764_000_000_000}
    tables.write(oauth.deps.oauth_tokens, foreign | {"createdAt": "2024-01-01T00:00:00Z"})
    (found,) = oauth.get("/connections", account["token"]).get_json()["connections"]
    assert (found["connected"], found["created_at"]) == (False, "2024-01-01T00:00:00Z")
    assert asks(oauth, account) == (409, "connection_ended")
    assert kept(oauth, account["user_id"]).leased_until is None
    assert oauth.shows_code().get_json()["user_id"] == account["user_id"]
    assert asks(oauth, account)[0] == 200


def test_two_first_sign_ins_cross(oauth: OAuth, told: Hostile) -> None:
    """Whoever loses the race for an identity finds the person that the other has made."""
    store = border.at(oauth.deps.gateway._client)
    made: list[str] = []

    def meanwhile(request: Any, send: Any) -> None:
        if "TransactItems" in json.loads(request.body) and not made:
            made.append("")
            made[0] = oauth.shows_code().get_json()["user_id"]

    store.expect(then=meanwhile)
    assert oauth.shows_code().get_json()["user_id"] == made[0]


def test_writes_that_lose(oauth: OAuth, told: Hostile) -> None:
    """A lease, an end, a rest, a note, a rewrap of what has changed since it was read: each hears it, or lets it be."""
    account = connected(oauth, told)
    now = oauth.deps.clock()
    stale = kept(oauth, account["user_id"])
    leased = oauth.deps.oauth_tokens.lease(stale, now, now + timedelta(seconds=5))
    with pytest.raises(LeaseHeld):
        oauth.deps.oauth_tokens.lease(stale, now, now + timedelta(seconds=5))
    oauth.deps.oauth_tokens.keep(leased, replace(leased, version=leased.version + 1), now)
    for write in (oauth.deps.oauth_tokens.end, oauth.deps.oauth_tokens.rest):
        with pytest.raises(LeaseHeld):
            write(leased, *(("why", now) if write == oauth.deps.oauth_tokens.end else (now,)))
    moved = keys(oauth)
    store = border.at(oauth.deps.gateway._client)
    reads: list[int] = []

    def meanwhile(request: Any, send: Any) -> None:
        if "UpdateExpression" in json.loads(request.body) and not reads:
            reads.append(1)
            found = kept(oauth, account["user_id"])
            oauth.deps.oauth_tokens.keep(found, replace(found, version=found.version + 1), now)

    store.expect(then=meanwhile)
    assert rewrap(moved.deps, stale, moved.deps.data_keys.current()) is Outcome.BUSY


def before_the_write(oauth: OAuth, kind: str, act: Callable[[], Any]) -> None:
    """Let something happen once, just before a write of that kind."""
    left = [act]

    def meanwhile(request: Any, send: Any) -> None:
        if kind in json.loads(request.body) and left:
            left.pop()()

    border.at(oauth.deps.gateway._client).expect(then=meanwhile)


def test_a_refresh_that_begins_under_a_rewrap(oauth: OAuth, told: Hostile) -> None:
    """Whoever has taken the lease since the tokens were read keeps what the provider gives: the rewrap waits."""
    account = connected(oauth, told)
    now, stale, moved = oauth.deps.clock(), kept(oauth, account["user_id"]), keys(oauth)
    leased: list[Connection] = []
    before_the_write(
        oauth,
        "UpdateExpression",
        lambda: leased.append(oauth.deps.oauth_tokens.lease(stale, now, now + timedelta(seconds=5))),
    )
    assert rewrap(moved.deps, stale, moved.deps.data_keys.current()) is Outcome.BUSY
    oauth.deps.oauth_tokens.keep(leased[0], replace(leased[0], version=leased[0].version + 1), now)


def test_a_refresh_that_crosses_another_consent(oauth: OAuth, told: Hostile) -> None:
    """A link that brings no refresh token, and has read the one of before, does not put that back."""
    account = connected(oauth, told)
    expires(oauth, account["user_id"])

    def refresh() -> None:
        told.tokens = {}
        assert asks(oauth, account)[0] == 200

    before_the_write(oauth, "TransactItems", refresh)
    old, told.tokens = clear(oauth, account["user_id"]).refresh_token, {"refresh_token": ...}
    assert oauth.post("/acme/link", shown(), account["token"]).status_code == 409
    assert clear(oauth, account["user_id"]).refresh_token not in {old, None}


def test_a_link_that_crosses_the_end_of_all_sessions(oauth: OAuth) -> None:
    """Whoever holds a session that has just been ended claims no identity for the account."""
    account = oauth.service.register()
    user = oauth.deps.users.find(account["user_id"])
    before_the_write(oauth, "TransactItems", lambda: oauth.deps.users.raise_epoch(user, oauth.deps.clock()))
    assert oauth.post("/acme/link", shown(), account["token"]).status_code == 409
    assert oauth.shows_code().get_json()["user_id"] != account["user_id"]


def test_to_link_again_is_no_event(oauth: OAuth, told: Hostile) -> None:
    """What is linked is linked; new tokens are a step of the flow, and not of the account."""
    account = oauth.service.register()
    for _ in range(2):
        told.tokens = {}
        assert oauth.post("/acme/link", shown(), account["token"]).status_code == 200
    actions = [each["action"] for each in oauth.deps.audit.all_of(account["user_id"])]
    assert actions.count("identity_linked") == 1


def test_an_unlinking_that_crosses_the_loss_of_the_other_way_in(oauth: OAuth) -> None:
    """Or nobody could come in any more."""
    account = oauth.connected()
    user = oauth.deps.users.find(account["user_id"])
    assert user is not None
    user = oauth.deps.users.change(user, oauth.deps.clock(), {"phone_number": "+14155550123"})
    before_the_write(
        oauth, "TransactItems", lambda: oauth.deps.users.change(user, oauth.deps.clock(), {"phone_number": None})
    )
    assert oauth.delete("/acme/link", account).status_code == 409
    left = oauth.deps.users.find(account["user_id"])
    assert left is not None
    assert left.identities == {"acme"}


def test_an_end_that_crosses_the_end_of_all_sessions(oauth: OAuth) -> None:
    """Whoever holds a session that has just been ended takes no connection from the account."""
    account = oauth.connected()
    user = oauth.deps.users.find(account["user_id"])
    before_the_write(oauth, "TransactItems", lambda: oauth.deps.users.raise_epoch(user, oauth.deps.clock()))
    answer = oauth.delete("/acme", account)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "session_ended")
    assert kept(oauth, account["user_id"]).tokens is not None


def test_a_grant_that_ends_when_its_person_is_gone(oauth: OAuth, told: Hostile) -> None:
    """That the tokens need no end any more is written of nobody: no item is made of it."""
    account = connected(oauth, told)
    told.answers["/revoke"] = wrong.status(500)
    assert oauth.delete("/acme", account).get_json() == {"status": "disconnected", "revoked": False}
    told.answers.clear()
    waiting = kept(oauth, account["user_id"])
    before_the_write(oauth, "UpdateExpression", lambda: oauth.deps.oauth_tokens.forget(account["user_id"]))
    assert retry(oauth.deps, waiting)
    assert oauth.deps.oauth_tokens.of(account["user_id"]) == []


def test_a_note_that_crosses_a_deletion(oauth: OAuth, told: Hostile) -> None:
    """That a token was used is noted of nobody who is gone: no item is made of it."""
    account = connected(oauth, told)
    oauth.service.clock.pass_by(minutes=2)
    before_the_write(oauth, "UpdateExpression", lambda: oauth.deps.oauth_tokens.forget(account["user_id"]))
    assert asks(oauth, account)[0] == 200
    assert oauth.deps.oauth_tokens.of(account["user_id"]) == []


def test_a_sign_in_that_crosses_a_deletion(oauth: OAuth, told: Hostile) -> None:
    """Tokens come to nobody whose account is being deleted, where their item is to be made anew."""
    account = connected(oauth, told)
    oauth.deps.oauth_tokens.forget(account["user_id"])

    def leave() -> None:
        headers = {"Authorization": f"Bearer {account['token']}"}
        assert oauth.http.delete("/api/v1/auth/me", json={}, headers=headers).status_code == 202
        oauth.deps.later.finish()

    before_the_write(oauth, "TransactItems", leave)
    assert oauth.shows_code().status_code == 409
    assert oauth.deps.oauth_tokens.of(account["user_id"]) == []


@pytest.mark.parametrize("what", ["rest", "end", "unreadable", "without", "touch", "lease"])
def test_somebody_else_was_faster(oauth: OAuth, told: Hostile, what: str) -> None:
    """Whatever one who refreshes finds out of old tokens says nothing of those that somebody has kept meanwhile."""
    if what == "without":
        told.tokens = {"refresh_token": ...}
    account = connected(oauth, told)
    told.tokens = {}
    expires(oauth, account["user_id"])
    if what == "unreadable":
        found = kept(oauth, account["user_id"])
        assert found.tokens is not None
        broken = Sealed(found.tokens.key_id, found.tokens.data_key, b"x" * 40)
        oauth.deps.oauth_tokens.keep(
            found, replace(found, tokens=broken, version=2, expires_at=oauth.deps.clock()), oauth.deps.clock()
        )
    if what == "touch":
        expires(oauth, account["user_id"], 3600)
        oauth.service.clock.pass_by(minutes=2)
    if what in {"rest", "end"}:
        refusal = wrong.status(500) if what == "rest" else wrong.status(400, b'{"error": "invalid_grant"}')
        told.answers["/token"] = once(told, refusal)
    store = border.at(oauth.deps.gateway._client)
    writes: list[int] = []

    def meanwhile(request: Any, send: Any) -> None:
        body = json.loads(request.body)
        is_vault = body.get("TableName") == oauth.deps.config.oauth_tokens_table
        if is_vault and "UpdateExpression" in body and len(writes) < 2:
            writes.append(1)
            if len(writes) == (1 if what in {"touch", "lease"} else 2):
                writes.append(1)
                assert oauth.shows_code().status_code == 200

    store.expect(then=meanwhile)
    status, said = asks(oauth, account)
    store.expect()
    if what == "rest":
        assert (status, said) == (503, "provider_unavailable")
    else:
        assert status == 200
    assert kept(oauth, account["user_id"]).active
    assert asks(oauth, account)[0] == 200


def once(told: Hostile, respond: wrong.Respond) -> wrong.Respond:
    """An answer that is given once."""

    def answered(handler: wrong.Handler) -> None:
        told.answers.clear()
        respond(handler)

    return answered


def test_a_lease_that_leaves_no_time(oauth: OAuth, told: Hostile) -> None:
    """Whoever has come to the provider too late does not ask it any more: somebody else may."""
    account = connected(oauth, told)
    expires(oauth, account["user_id"])

    def slow(_: Any, __: Any) -> None:
        oauth.service.clock.pass_by(seconds=3)

    border.at(oauth.deps.gateway._client).expect(then=slow)
    oauth.deps.providers["acme"].prepare(oauth.deps.clock())
    late = on(oauth, vault=Late(oauth))
    assert asks(late, account) == (503, "provider_unavailable")
    assert told.count("/token") == 0


class Late:
    """A vault whose KMS takes its time."""

    def __init__(self, oauth: OAuth) -> None:
        self._oauth = oauth

    def open(self, *given: Any) -> bytes:
        """As it is."""
        opened: bytes = self._oauth.deps.vault.open(*given)
        return opened

    def sealer(self, *given: Any) -> Any:
        """As it is, and a while has passed."""
        self._oauth.service.clock.pass_by(seconds=30)
        return self._oauth.deps.vault.sealer(*given)


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"version": 2, "algorithm": "AES-256-GCM"},
        {"version": 1, "algorithm": "XOR", "keyId": "k", "dataKey": b"", "ciphertext": b""},
        {"version": 1, "algorithm": "AES-256-GCM", "keyId": "k", "dataKey": None, "ciphertext": b""},
    ],
)
def test_maps_that_seal_nothing(item: dict[str, Any]) -> None:
    """Another layout than ours is not guessed at."""
    with pytest.raises(KeyRejected):
        Sealed.from_item(item)


def test_an_item_that_somebody_wrote_by_hand(oauth: OAuth) -> None:
    """The seed's item, of an identity that is not the account's, gives no token and does not hold up a deletion."""
    account = oauth.service.register()
    item = {"userId": account["user_id"], "provider": "acme", "email": "a@example.com", "isActive": True}
    tables.write(oauth.deps.oauth_tokens, item | {"createdAt": "2024-01-01T00:00:00Z"})
    assert from_item(item).version == 0
    with pytest.raises(ConnectionEnded):
        _ = from_item(item).sealed
    assert asks(oauth, account) == (404, "not_connected")
    assert oauth.delete("/acme/link", account).get_json()["code"] == "not_connected"
    assert oauth.delete("/acme", account).get_json()["revoked"]
    header = {"Authorization": f"Bearer {account['token']}"}
    body = {"current_password": "SecurePassword123!"}
    assert oauth.http.delete("/api/v1/auth/me", json=body, headers=header).status_code == 202
    oauth.deps.later.finish()
    assert oauth.deps.oauth_tokens.of(account["user_id"]) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"client_id": "panzoto", "client_secret": "s"}', ("panzoto", "s")),
        ('{"web": {"client_id": "panzoto", "client_secret": "s", "auth_uri": "x"}}', ("panzoto", "s")),
        ('{"client_id": "panzoto"}', ("panzoto", None)),
        ("{}", None),
        ("[]", None),
        ("no JSON", None),
        ('{"client_id": 5}', None),
    ],
)
def test_clients_in_secrets_manager(oauth: OAuth, text: str, found: Any) -> None:
    """The seed's secret, Google's own file, or nothing yet, as `make run` makes it."""
    client = oauth.deps.clients.secrets()
    with pytest.raises(ProviderNotReady):
        OAuthClients(client).read("axnt/google-oauth")
    make_secret(client)
    client.put_secret_value(SecretId="axnt/google-oauth", SecretString=text)
    if found is None:
        with pytest.raises(ProviderNotReady):
            OAuthClients(client).read("axnt/google-oauth")
    else:
        assert OAuthClients(client).read("axnt/google-oauth") == found
    away = build(replace(oauth.deps.config, aws_endpoint="http://127.0.0.1:9")).clients.secrets()
    with pytest.raises(KeysUnavailable):
        OAuthClients(away).read("axnt/google-oauth")


def test_google_whose_client_nobody_has_set(oauth_for: Callable[..., OAuth]) -> None:
    """Google's own addresses are known; without a client it is a way that was not set up."""
    settings = at(
        "https://accounts.google.com", name="google", client_id="", client_secret=None, secret_id="axnt/google-oauth"
    )
    oauth = oauth_for(settings)
    answer = oauth.http.get(f"{API}/google/authorize")
    assert (answer.status_code, answer.get_json()["code"]) == (501, "provider_not_ready")
    secrets = oauth.deps.clients.secrets()
    secrets.create_secret(Name="axnt/google-oauth", SecretString='{"client_id": "id.apps", "client_secret": "s"}')
    oauth.service.clock.pass_by(seconds=6)
    address = oauth.http.get(f"{API}/google/authorize").headers["Location"]
    assert address.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    for part in ("access_type=offline", "prompt=consent", "code_challenge_method=S256", "client_id=id.apps", "nonce="):
        assert part in address
    assert "offline_access" not in address


def test_metadata_outlives_a_provider_that_is_down(oauth: OAuth, told: Hostile) -> None:
    """What was read an hour ago is used for a day; then the provider is down. Nobody waits for it twice in a moment."""
    path = "/.well-known/openid-configuration"
    connected(oauth, told)
    told.answers[path] = wrong.status(500)
    oauth.service.clock.pass_by(hours=2)
    for _ in range(3):
        assert oauth.http.get(f"{API}/acme/authorize").status_code == 303
    assert told.count(path) == 1
    oauth.service.clock.pass_by(hours=30)
    assert oauth.http.get(f"{API}/acme/authorize").get_json()["code"] == "provider_unavailable"
    assert oauth.http.get(f"{API}/acme/authorize").get_json()["code"] == "provider_unavailable"
    assert told.count(path) == 2


def test_discovery_that_is_not_there(oauth: OAuth, told: Hostile) -> None:
    """An address that is no provider's is told as one."""
    told.answers["/.well-known/openid-configuration"] = wrong.status(404)
    assert oauth.http.get(f"{API}/acme/authorize").get_json()["code"] == "provider_misbehaved"


@pytest.mark.parametrize(
    ("given", "seconds"), [(60, 60), ("60", 60), (None, 3600), ("soon", 3600), (-5, 0), (10**20, 3600)]
)
def test_how_long_a_token_lives(oauth: OAuth, given: Any, seconds: int) -> None:
    """As long as the provider says, also as text; an hour where it says nothing that can be."""
    now = oauth.deps.clock()
    assert tokens_of({"access_token": "t", "expires_in": given}, now).expires_at == now + timedelta(seconds=seconds)


def test_a_provider_without_refresh_tokens(oauth_for: Callable[..., OAuth], told: Hostile) -> None:
    """Where none is wanted nobody is asked for consent again, and a public client needs no secret."""
    oauth = oauth_for(at(told.issuer, offline=False, client_secret=None))
    address = oauth.leaves()
    assert "prompt=consent" not in address
    assert "offline" not in address
    connected(oauth, told)


def test_what_is_not_connected(oauth: OAuth) -> None:
    """Whoever has never been to a provider has no token of it."""
    account = oauth.service.register()
    assert asks(oauth, account) == (404, "not_connected")
