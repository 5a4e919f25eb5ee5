"""Somebody deletes their account, and everything that was theirs."""

from __future__ import annotations

from panzoto.deps import Deps
from panzoto.models.users import User

from ._audit import record
from ._mail import afterwards
from ._reauthenticate import reauthenticate
from .authenticate import Caller
from .client import Client


def delete_me(deps: Deps, caller: Caller, current_password: str | None, client: Client) -> None:
    """Delete the caller's account.

    Commit point: the mark on the person, from which moment nobody signs in and no token works. What hangs on the
    account is deleted after the answer; a crash on the way is repaired by `flask users sweep`, which begins again.
    """
    now = deps.clock()
    reauthenticate(deps, caller, current_password, client, now)
    user = deps.users.begin_deletion(caller.user, now)
    record(deps, user.user_id, "deleted", client, now)
    afterwards(deps, "delete_me", lambda: erase(deps, user))


def erase(deps: Deps, user: User) -> None:
    """Delete all that hangs on an account, and the person last; every step may be done again."""
    sessions = [each.session_id for each in deps.sessions.of(user.user_id)]
    deps.lineages.forget(sessions)
    deps.sessions.forget(sessions)
    deps.one_use_tokens.forget(user.user_id)
    for prefix in ("users", "decrypted"):
        deps.bucket.empty(f"{prefix}/{user.user_id}/")
    deps.audio_files.forget([each["file_id"] for each in deps.audio_files.of(user.user_id)])
    deps.oauth_tokens.forget(user.user_id)
    deps.oauth_logs.forget(user.user_id)
    if user.phone:
        deps.otps.forget(user.phone)
        deps.phones.release(user.phone, user.user_id)
    if user.email:
        deps.emails.release(user.email, user.user_id)
    deps.users.delete_person(user.user_id)
