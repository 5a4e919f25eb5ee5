"""Whose request it is: the token tells, and one consistent read of the person tells whether it still may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from panzoto.crypto.claims import AccessClaims
from panzoto.deps import Deps
from panzoto.errors import NotApproved, RecentSignInNeeded, SessionEnded
from panzoto.models.store.beside import Pending
from panzoto.models.user import User

from ._policy import admit


@dataclass(frozen=True)
class Caller:
    """Who calls, by which token, and as the person is now: where that is still looked up, `user` waits for it."""

    claims: AccessClaims
    person: User | Pending[User]

    @property
    def user(self) -> User:
        """The person; raises where the session has ended."""
        return self.person.result() if isinstance(self.person, Pending) else self.person

    @property
    def user_id(self) -> str:
        """The id that the token says: for reading what is theirs, while it is looked up whether the session lives."""
        return self.claims.user_id

    @property
    def session_id(self) -> str | None:
        """The session; an old backend's token has none."""
        return self.claims.sid

    @property
    def holder(self) -> str:
        """What a proof of the owner is good for: the session, or an old backend's token by itself."""
        return self.session_id or self.claims.jti

    def wait(self) -> None:
        """Wait until it is known that the session lives: before anything but a read of DynamoDB."""
        _ = self.user

    def settle(self) -> None:
        """The same, before the answer: they have read all that they want."""
        try:
            self.wait()
        finally:
            if isinstance(self.person, Pending):
                self.person.done()


def authenticate(deps: Deps, token: str) -> Caller:
    """The caller of a request; raises for a token that is wrong, has expired, or whose session has ended."""
    now = deps.clock()
    claims = deps.access_tokens.read(token, now)
    return Caller(claims, _living(deps, claims, now))


def authenticate_now(deps: Deps, token: str) -> Caller:
    """The same, by no copy of the person from before, whatever is configured."""
    now = deps.clock()
    claims = deps.access_tokens.read(token, now)
    return Caller(claims, _checked(deps, claims, deps.users.find(claims.user_id), now))


def authenticate_beside(deps: Deps, token: str) -> Caller:
    """The same, while whoever asks goes on to read. They wait for it before they do anything else, and answer."""
    if deps.config.revocation_cache_seconds:
        return authenticate(deps, token)  # mostly no call at all
    now = deps.clock()
    claims = deps.access_tokens.read(token, now)
    return Caller(claims, deps.beside.begin(partial(_living, deps, claims, now)))


def _living(deps: Deps, claims: AccessClaims, now: datetime) -> User:
    """The person, as fresh as is configured; their session lives."""
    return _checked(deps, claims, deps.known_users.find(claims.user_id, now, lambda user: _lives(user, claims)), now)


def _checked(deps: Deps, claims: AccessClaims, user: User | None, now: datetime) -> User:
    """The person, whose session lives.

    A sign-in that crossed the end of all sessions has left a lineage that nobody knew of: it is ended here, or the
    phone would go on refreshing for tokens that never work.
    """
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
