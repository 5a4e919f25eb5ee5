"""One provider, as our flows use it: where to send people, codes for tokens, fresh tokens, revocation, id tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client

from panzoto.errors import GrantRefused, OtherIssuer, ProviderMisbehaved, ProviderRefused, ProviderUnavailable
from providers import Provider as Settings

from .fetching import Fetcher
from .id_tokens import Expected, Identity, verified
from .key_sets import KeySet
from .metadata import OK, Cached, Metadata, discovered
from .session import Session
from .tokens import Tokens, tokens_of

CODE = re.compile(r"[a-z0-9_]{1,64}")
BUSY = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


class Client(NamedTuple):
    """Our client at a provider."""

    client_id: str
    secret: str | None


class Provider:
    """A configured provider. What it says of itself and its keys are read when they are needed first, and cached."""

    def __init__(
        self, settings: Settings, fetcher: Fetcher, read_client: Callable[[str], tuple[str, str | None]]
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self._fetcher = fetcher
        self._read_client = read_client
        self._metadata = Cached(lambda: discovered(fetcher, settings))
        self._client = Cached(self._configured)
        self._key_sets: dict[str, KeySet] = {}

    @property
    def issuer(self) -> str:
        """The issuer of its identities."""
        return self.settings.issuer

    def authorization_url(self, now: datetime, state: str, nonce: str, verifier: str, redirect_uri: str) -> str:
        """Where a browser goes to sign in there. PKCE is S256; a refresh token takes the person's consent."""
        wanted: dict[str, str] = {"nonce": nonce, "redirect_uri": redirect_uri, "scope": " ".join(self._scopes())}
        if self.settings.offline:
            wanted |= {"access_type": "offline", "prompt": "consent"}
        address, _ = self._authlib(now).create_authorization_url(
            self._metadata.get(now).authorization, state=state, code_verifier=verifier, **wanted
        )
        return str(address)

    def check_answer(self, now: datetime, issuer: str | None) -> None:
        """Raise unless an answer in the browser names this issuer, where the provider names itself (RFC 9207)."""
        if issuer is None and self._metadata.get(now).names_itself:
            raise OtherIssuer
        if issuer is not None and issuer != self.issuer:
            raise OtherIssuer

    def exchange(self, now: datetime, code: str, *, verifier: str, redirect_uri: str | None) -> Tokens:
        """The tokens for a code."""
        metadata, client = self._metadata.get(now), self._authlib(now)
        with _spoken():
            said = client.fetch_token(
                metadata.token,
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
                redirect_uri=redirect_uri or "",
            )
        return tokens_of(said, now)

    def prepare(self, now: datetime) -> None:
        """Know all that a refresh needs but the refresh itself."""
        self._authlib(now)

    def refresh(self, now: datetime, refresh_token: str) -> Tokens:
        """New tokens for a refresh token; `GrantRefused` when it does not work any more."""
        metadata, client = self._metadata.get(now), self._authlib(now)
        with _spoken():
            said = client.refresh_token(metadata.token, refresh_token=refresh_token)
        return tokens_of(said, now)

    def revoke(self, now: datetime, token: str, hint: str) -> bool:
        """End a token there (RFC 7009), and with it the grant; False where the provider has no such endpoint."""
        metadata, client = self._metadata.get(now), self._authlib(now)
        if metadata.revocation is None:
            return False
        with _spoken():
            answer = client.revoke_token(metadata.revocation, token=token, token_type_hint=hint)
        if answer.status_code != OK and _error(answer.answer.body) not in {"invalid_token", "unsupported_token_type"}:
            raise ProviderRefused(f"revocation answered {answer.status_code}")
        return True

    def identify(self, now: datetime, id_token: str, *, nonce: str | None, by_app: bool = False) -> Identity:
        """Who an id token is of. One that an app brings may be of another client of ours, which is configured."""
        metadata, client_id = self._metadata.get(now), self._client.get(now).client_id
        audiences = frozenset({client_id, *(self.settings.audiences if by_app else ())})
        parties = None if by_app else frozenset({client_id})
        expected = Expected(issuer=self.issuer, audiences=audiences, parties=parties, nonce=nonce)
        return verified(id_token, self._keys(metadata), expected, now)

    def _scopes(self) -> tuple[str, ...]:
        """What is asked for. Google takes `access_type` for a refresh token; the standard says `offline_access`."""
        standard = self.settings.offline and not self.settings.is_google
        return tuple(dict.fromkeys([*self.settings.scopes, *(["offline_access"] if standard else [])]))

    def _authlib(self, now: datetime) -> OAuth2Client:
        """Authlib's client, for one act: it keeps the tokens that it sees."""
        client_id, secret = self._client.get(now)
        method = None if secret is None or not self._metadata.get(now).posts_secrets else "client_secret_post"
        return OAuth2Client(
            Session(self._fetcher, on_loopback=self.settings.on_loopback),
            client_id=client_id,
            client_secret=secret,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            code_challenge_method="S256",
        )

    def _configured(self) -> Client:
        if self.settings.secret_id is not None:
            return Client(*self._read_client(self.settings.secret_id))
        return Client(self.settings.client_id, self.settings.client_secret)

    def _keys(self, metadata: Metadata) -> KeySet:
        """The keys at the address that the metadata names."""
        return self._key_sets.setdefault(metadata.jwks, KeySet(partial(self._read_keys, metadata.jwks)))

    def _read_keys(self, address: str) -> Mapping[str, Any]:
        answer = self._fetcher.get(address, on_loopback=self.settings.on_loopback)
        if answer.status != OK:
            raise ProviderMisbehaved(f"its keys answered {answer.status}")
        return answer.json()


@contextmanager
def _spoken() -> Iterator[None]:
    """Authlib's faults in terms of ours. Nothing of what a provider writes for people is kept: it may repeat a code."""
    try:
        yield
    except OAuth2Error as fault:
        code = str(fault.error)
        if code == "invalid_grant":
            raise GrantRefused from None
        if code in BUSY:
            raise ProviderUnavailable(code) from None
        raise ProviderRefused(code if CODE.fullmatch(code) else "refused") from None
    except (ValueError, TypeError, AttributeError):
        raise ProviderMisbehaved("not an answer of the protocol") from None


def _error(body: bytes) -> str | None:
    found = re.search(rb'"error"\s*:\s*"([a-z_]{1,64})"', body)
    return found[1].decode() if found else None
