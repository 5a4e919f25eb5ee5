"""What a provider says of itself: its endpoints by discovery, cached and refreshed; Google's are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Generic, TypeVar

from panzoto.errors import OAuthFault, ProviderMisbehaved
from providers import GOOGLE_ISSUER, Provider

from .fetching import Fetcher, require_safe

OK = 200
# What was read is fresh for so long, and is used for so long where it cannot be read anew.
FRESH, STALE = timedelta(hours=1), timedelta(hours=24)
# Whoever waited while it could not be read hears so, and does not wait in turn.
PAUSE = timedelta(seconds=5)
PATH = "/.well-known/openid-configuration"
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """A provider's endpoints, and how it wants to be spoken to."""

    issuer: str
    authorization: str
    token: str
    jwks: str
    revocation: str | None = None
    posts_secrets: bool = False
    names_itself: bool = False


GOOGLE = Metadata(
    issuer=GOOGLE_ISSUER,
    authorization="https://accounts.google.com/o/oauth2/v2/auth",
    token="https://oauth2.googleapis.com/token",
    jwks="https://www.googleapis.com/oauth2/v3/certs",
    revocation="https://oauth2.googleapis.com/revoke",
    posts_secrets=True,
)


class Cached(Generic[Value]):
    """Something that is read once an hour, by one thread at a time; after a failure, not again for a moment."""

    def __init__(self, read: Callable[[], Value]) -> None:
        self._read = read
        self._lock = Lock()
        self._kept: tuple[Value, datetime] | None = None
        self._failed: tuple[OAuthFault, datetime] | None = None

    def get(self, now: datetime, *, not_before: datetime | None = None) -> Value:
        """The value, read anew when it is old, or older than `not_before`."""
        with self._lock:
            kept = self._kept
            if kept is not None and now - kept[1] <= FRESH and (not_before is None or kept[1] >= not_before):
                return kept[0]
            fault = self._failed[0] if self._failed and now - self._failed[1] < PAUSE else self._renewed(now)
            if self._kept is not None and (fault is None or (not_before is None and now - self._kept[1] <= STALE)):
                return self._kept[0]
            raise fault or ProviderMisbehaved

    def _renewed(self, now: datetime) -> OAuthFault | None:
        """Read it anew; the fault, if that fails."""
        try:
            self._kept, self._failed = (self._read(), now), None
        except OAuthFault as fault:
            self._failed = (fault, now)
            return fault
        return None


def discovered(fetcher: Fetcher, provider: Provider) -> Metadata:
    """The metadata that a provider publishes, which must be of the very issuer that is configured."""
    if provider.is_google:
        return GOOGLE
    answer = fetcher.get(provider.issuer.rstrip("/") + PATH, on_loopback=provider.on_loopback)
    if answer.status != OK:
        raise ProviderMisbehaved(f"discovery answered {answer.status}")
    said = answer.json()
    if said.get("issuer") != provider.issuer:
        raise ProviderMisbehaved("discovery names another issuer")
    methods = said.get("token_endpoint_auth_methods_supported")
    return Metadata(
        issuer=provider.issuer,
        authorization=_endpoint(said, "authorization_endpoint", provider),
        token=_endpoint(said, "token_endpoint", provider),
        jwks=_endpoint(said, "jwks_uri", provider),
        revocation=_endpoint(said, "revocation_endpoint", provider) if "revocation_endpoint" in said else None,
        # in the body nothing of a secret needs to be escaped, which providers read in two ways in the header
        posts_secrets=isinstance(methods, list) and "client_secret_post" in methods,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(said: Mapping[str, Any], name: str, provider: Provider) -> str:
    address = said.get(name)
    if not isinstance(address, str):
        raise ProviderMisbehaved(f"discovery has no {name}")
    require_safe(address, on_loopback=provider.on_loopback)
    return address
