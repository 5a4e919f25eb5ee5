"""Whose request it is: the token tells, and one consistent read of the person tells whether it still may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from panzoto.crypto.claims import AccessClaims
from panzoto.deps import Deps
from panzoto.errors import NotApproved, RecentSignInNeeded, SessionEnded
from panzoto.models.store.beside import Pending
from panzoto.models.users import User

from ._policy import admit


@dataclass(frozen=True)
class Caller:
    """Who calls, by which token, and as the person is now: asked for before that is known, it waits for it."""

    claims: AccessClaims
    check: Pending[User]

    @property
    def user(self) -> User:
        """The person; raises where the session has ended."""
        return self.check.result()

    @property
    def user_id(self) -> str:
        """The id that the token says, which is no news to whoever holds it: nothing is written by it alone."""
        return self.claims.user_id

    @property
    def session_id(self) -> str | None:
        """The session; an old backend's token has none."""
        return self.claims.sid


def authenticate(deps: Deps, token: str) -> Caller:
    """The caller of a request; raises for a token that is wrong, has expired, or whose session has ended."""
    caller = _caller(deps, token, Pending)
    caller.check.result()
    return caller


def authenticate_beside(deps: Deps, token: str) -> Caller:
    """The same, while whoever asks goes on. They must wait for the check before anything leaves, and write nothing."""
    return _caller(deps, token, Pending if deps.config.revocation_cache_seconds else deps.beside.begin)


def _caller(deps: Deps, token: str, begin: Callable[[Callable[[], User]], Pending[User]]) -> Caller:
    now = deps.clock()
    claims = deps.access_tokens.read(token, now)
    return Caller(claims, begin(partial(_living, deps, claims, now)))


def _living(deps: Deps, claims: AccessClaims, now: datetime) -> User:
    """The person, whose session lives.

    A sign-in that crossed the end of all sessions has left a lineage that nobody knew of: it is ended here, or the
    phone would go on refreshing for tokens that never work.
    """
    user = deps.known_users.find(claims.user_id, now, lambda user: _lives(user, claims))
    if user is None or not _lives(user, claims):
        if claims.sid is not None and (user is None or claims.ep != user.epoch):
            deps.lineages.revoke(claims.sid, now)
        raise SessionEnded
    if claims.sid is None:
        _check_without_session(deps, user, claims, now)
    return user


def _check_without_session(deps: Deps, user: User, claims: AccessClaims, now: datetime) -> None:
    """Look at what ends an old backend's token, which has no session that could have ended."""
    if deps.revoked_tokens.find(claims.jti):
        raise SessionEnded
    try:
        admit(deps, user, now)
    except NotApproved:
        raise SessionEnded from None


def _lives(user: User, claims: AccessClaims) -> bool:
    """Whether the person may sign in, and the session has not been ended."""
    return user.may_sign_in and not _ended(user, claims)


def _ended(user: User, claims: AccessClaims) -> bool:
    """Whether the session of a token was ended, alone or with all others."""
    if claims.sid is None:  # an old backend's token: it knows no epoch, so its age decides
        ended = user.sessions_ended_at
        return ended is not None and claims.auth_time <= ended
    return claims.ep != user.epoch or claims.sid in user.ended


def require_recent(caller: Caller, now: datetime, within: timedelta) -> None:
    """Raise unless the caller has signed in lately."""
    if now - caller.claims.auth_time > within:
        raise RecentSignInNeeded
