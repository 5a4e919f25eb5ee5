"""The plays hold; and each of them goes red when one condition is taken from one write, or one check is skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from panzoto.flows import _copying, _sessions
from panzoto.models import approved_emails, one_use_tokens, users
from panzoto.models.auth_state import lineages, otps
from panzoto.models.auth_state.emails import EmailClaims
from panzoto.models.auth_state.keys import key
from panzoto.models.auth_state.otps import Otps
from panzoto.models.oauth_tokens import OAuthTokens
from panzoto.models.store.expressions import Attr, Change
from tests.proof import interleavings, play_vault
from tests.proof.harness import Place, Size
from tests.proof.interleavings import PLAYS, SETTINGS, Broken, Tried
from tests.proof.play import Begin
from tests.proof.standing import Standing, standing

MOST = 60
Mutate = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(scope="module")
def played(ministack: str) -> Iterator[tuple[Standing, dict[str, Begin]]]:
    """The service on a stage, and what is played there."""
    with play_vault.provided() as (beside, more):
        yield standing(Place(ministack), **SETTINGS, **beside), {**PLAYS, **more}


def test_every_play_holds(ministack: str) -> None:
    """In the first orders of each; `make proof` tries the others."""
    figures = interleavings.prove(Place(ministack), Size.SHORT)
    assert figures.violations == []
    assert figures.counts["stops of actors"] > 100


def always(*_: Any, **__: Any) -> Any:
    """A condition that holds for whatever is there."""
    return Attr("PK").exists()


def anything(_: Any) -> Any:
    """The same, for what may not be there."""
    return Attr("nothing").not_exists()


def unraised(_: Any) -> Change:
    """The end of all sessions, which ends none."""
    return Change(set={"updated_at": 1})


def done(*_: Any) -> None:
    """Nothing, which says that it is done."""


def instead(owner: Any, name: str, made: Any) -> Mutate:
    """Put something else in the place of a part."""
    return lambda patch: patch.setattr(owner, name, made)


def unbounded(patch: pytest.MonkeyPatch) -> None:
    """Guesses without a bound."""
    spend = Otps.spend_attempt
    patch.setattr(Otps, "spend_attempt", lambda *given, **more: spend(*given, **{**more, "most": 1000}))


def unclaimed(self: EmailClaims, email: str, user_id: str) -> Any:
    """A claim that overwrites another's."""
    return self.putting({**key("EMAIL", email), "user_id": user_id})


def shared(self: OAuthTokens, connection: Any, now: Any, until: Any) -> Any:
    """A lease that many hold."""
    return connection


MUTATIONS: dict[str, tuple[str, Mutate]] = {
    "a session is not ended": ("sign_out", instead(lineages, "_revoked", lambda _: Change(set={"RevokedAt": 1}))),
    "an old token is as good as the newest": ("reuse", instead(lineages, "_newest", always)),
    "the end of all sessions ends none": ("everywhere", instead(users, "_raised", unraised)),
    "what hangs on a session goes on": ("everywhere", instead(_sessions, "forget_sessions", done)),
    "an approval that nobody has read is replaced": ("approval", instead(approved_emails, "_is", anything)),
    "guesses have no bound": ("phone_code", unbounded),
    "a code is not spent": ("phone_code", instead(otps, "_works", always)),
    "a link is not spent": ("magic_link", instead(one_use_tokens, "_works", lambda *_: Attr("tokenId").exists())),
    "a claim is overwritten": ("email_claim", instead(EmailClaims, "claiming", unclaimed)),
    "a copy does not look back": ("decrypt_job", instead(_copying, "still_there", lambda *_: True)),
    "a lease is held by many": ("vault", instead(OAuthTokens, "lease", shared)),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_caught(
    played: tuple[Standing, dict[str, Begin]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Where this is so, something does not hold in some order."""
    on, plays = played
    play, mutate = MUTATIONS[name]
    mutate(monkeypatch)
    with pytest.raises(Broken):
        interleavings.search(on, plays[play], MOST, 120, Tried())
