"""Flows with other providers that are under way: each item works once, in one browser or app, for a few minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from panzoto.crypto.vault import Sealed
from panzoto.errors import HandoffInvalid, IdTokenUsed, OtherBrowser, StateUnknown, StateUsed
from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.expressions import Attr, Change, Condition
from panzoto.models.store.wire import Item
from panzoto.models.table import Table
from panzoto.models.times import seconds

from .keys import key

KIND = "OAUTH_STATE"


@dataclass(frozen=True, kw_only=True)
class Departure:
    """Somebody who has gone to a provider: from which browser, and where they want to come back to."""

    state: str
    flow_id: str
    provider: str
    browser: str
    expires_at: datetime
    redirect_to: str | None = None
    challenge: str | None = None


@dataclass(frozen=True, kw_only=True)
class Handoff:
    """What came back to a browser, for the app that holds the verifier of `challenge`. Its tokens are sealed."""

    digest: str
    flow_id: str
    provider: str
    challenge: str
    expires_at: datetime
    identity: Mapping[str, Any]
    tokens: Sealed | None = field(default=None, repr=False)


class OAuthStates(Table):
    """`OAUTH_STATE#<digest>`: departures, and with `handoff#` or `id-token#` before the digest what those are."""

    spec = AUTH_STATE

    def begin(self, departure: Departure) -> None:
        """Keep a departure. What is secret of it is in the browser alone."""
        item = {
            **key(KIND, departure.state),
            "FlowID": departure.flow_id,
            "Provider": departure.provider,
            "Browser": departure.browser,
            "RedirectTo": departure.redirect_to,
            "Challenge": departure.challenge,
            **_until(departure.expires_at),
        }
        self.put(item, when=Attr("PK").not_exists())

    def spend(self, state: str, provider: str, browser: str, now: datetime) -> Departure:
        """The one return of a departure, in the browser that left. Another browser spends nothing."""
        works = Attr("Browser").eq(browser) & Attr("Provider").eq(provider) & _fresh(now)
        item = self.update(
            key(KIND, state),
            Change(set={"Used": True}),
            when=works,
            otherwise=lambda item: _why_not(item, provider, now),
        )
        return Departure(
            state=state,
            flow_id=item["FlowID"],
            provider=item["Provider"],
            browser=item["Browser"],
            expires_at=now,
            redirect_to=item["RedirectTo"],
            challenge=item["Challenge"],
        )

    def flow_of(self, state: str) -> str | None:
        """The flow of a state that does not work, for the log."""
        item = self.get(key(KIND, state))
        return item.get("FlowID") if item else None

    def hand_over(self, handoff: Handoff) -> None:
        """Keep what came back until the app asks for it."""
        item = {
            **key(KIND, f"handoff#{handoff.digest}"),
            "FlowID": handoff.flow_id,
            "Provider": handoff.provider,
            "Challenge": handoff.challenge,
            "Identity": dict(handoff.identity),
            "Tokens": handoff.tokens.as_item() if handoff.tokens else None,
            **_until(handoff.expires_at),
        }
        self.put(item, when=Attr("PK").not_exists())

    def take(self, digest: str, provider: str, challenge: str, now: datetime) -> Handoff:
        """The one use of a handoff, by the app that asked for it; its tokens are in the item no more."""
        works = Attr("Challenge").eq(challenge) & Attr("Provider").eq(provider) & _fresh(now)
        item = self.delete(key(KIND, f"handoff#{digest}"), when=works, otherwise=HandoffInvalid) or {}
        return Handoff(
            digest=digest,
            flow_id=item["FlowID"],
            provider=provider,
            challenge=challenge,
            expires_at=now,
            identity=item["Identity"],
            tokens=Sealed.from_item(item["Tokens"]) if item["Tokens"] else None,
        )

    def spend_id_token(self, digest: str, until: datetime) -> None:
        """The one use of an id token that an app has brought."""
        item = {**key(KIND, f"id-token#{digest}"), **_until(until)}
        self.put(item, when=Attr("PK").not_exists(), otherwise=IdTokenUsed)


def _until(ends: datetime) -> dict[str, int]:
    return {"ExpiresAt": seconds(ends), "TTL": seconds(ends)}


def _fresh(now: datetime) -> Condition:
    return Attr("Used").not_exists() & Attr("ExpiresAt").gt(seconds(now))


def _why_not(item: Item | None, provider: str, now: datetime) -> Exception:
    if item is None or item.get("Provider") != provider or item["ExpiresAt"] <= seconds(now):
        return StateUnknown()
    return StateUsed() if item.get("Used") else OtherBrowser()
