"""Somebody has forgotten their password."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import AudioDecisionNeeded, LinkInvalid
from panzoto.models.audio_keys import audio_key_attributes, audio_key_is, recovery_mark
from panzoto.models.one_use_tokens import OneUseToken
from panzoto.models.store.transaction import transact
from panzoto.models.times import seconds
from panzoto.models.user import User
from panzoto.models.user_conditions import email_is, ways_in_are
from panzoto.models.users import new_password

from . import _audio_key, _devices, _one_use
from ._addresses import normal_email
from ._arriving import unproved
from ._audit import recording
from ._mail import notify_of_new_password
from ._policy import Admitted, admit
from ._reset_link import PURPOSE, send_link
from ._sessions import SignedIn, clear_sessions, start_session
from .client import Client


@dataclass(frozen=True)
class Audio:
    """What becomes of the recordings: read on by the recovery key, or given up."""

    recovery_key: str | None = field(default=None, repr=False)
    abandon: bool = False


def forgot_password(deps: Deps, email: str, client: Client) -> None:
    """Send a link to whoever has that email.

    The answer and its time are the same for everybody: whether there is somebody is looked up after the answer.
    """
    now = deps.clock()
    email = normal_email(email)
    deps.rates.charge("forgot.address", client.network, now)
    deps.later.do("forgot_password", lambda: _send_link(deps, email, client, now))


def _send_link(deps: Deps, email: str, client: Client, now: datetime) -> None:
    claim = deps.emails.find(email)
    user = deps.users.find(claim["user_id"]) if claim else None
    if user is None or not user.may_sign_in:
        return
    send_link(deps, user, email, client, now, recording(deps, user.user_id, "reset_asked", client, now))


def reset_password(
    deps: Deps, text: str, new: str, client: Client, *, audio: Audio, device_id: str | None = None
) -> SignedIn:
    """Set a new password by a link, and sign in with it. Commit point as in `reset`."""
    admitted, shown = reset(deps, text, new, client, audio=audio)
    now = deps.clock()
    _devices.remember(deps, admitted.user, device_id)
    return start_session(deps, admitted, device_id=device_id, client=client, now=now, amr="pwd", recovery_key=shown)


def reset(deps: Deps, text: str, new: str, client: Client, *, audio: Audio) -> tuple[Admitted, str | None]:
    """Set a new password by a link; the person, and a recovery key if there is a new one to show.

    With the recovery key the audio stays readable; without it its owner must say that it may be lost, and gets a new
    audio key, while the old files stay as they are. Commit point: one transaction of the token and the person.
    """
    now = deps.clock()
    deps.rates.charge("reset.address", client.network, now)
    token = _one_use.look_at(deps, PURPOSE, text, now)
    user = _owner(deps, token)
    admitted = admit(deps, user.with_email_proved(now), now)
    deps.check_new_password(new, context=(user.email or "", user.name or ""))
    key, shown = _audio(deps, user, new, audio)
    verified = {"email_verified_at": seconds(user.email_verified_at or now), "must_verify": None, "known_devices": None}
    taken, released = unproved(deps, user)
    changes = {**new_password(user, deps.passwords.hash(new), now), **verified, **key, **taken}
    unchanged = email_is(user) & ways_in_are(user) & audio_key_is(user.audio_key)
    changing = deps.users.changing(user, now, changes, when=unchanged, otherwise=LinkInvalid)
    recorded = recording(deps, user.user_id, "password_reset", client, now, {"audio": "new key" if shown else "kept"})
    transact(deps.gateway, deps.one_use_tokens.spending(token, now), changing, *released, recorded)
    user = user.with_changes(changes)
    notify_of_new_password(deps, token.email, client, now)
    clear_sessions(deps, user.user_id, user.epoch)
    return admitted.as_now(user), shown


def _owner(deps: Deps, token: OneUseToken) -> User:
    """Whose link it is; nobody's, when sessions were ended or the email was changed since it was sent."""
    user = deps.users.find(token.user_id)
    if user is None or not user.may_sign_in or user.epoch != token.epoch or user.email != token.email:
        raise LinkInvalid
    return user


def _audio(deps: Deps, user: User, new: str, audio: Audio) -> tuple[dict[str, object], str | None]:
    """The attributes of the audio key under the new password, and a recovery key when it is a new one."""
    if user.audio_key is not None and user.audio_key.wrapped_by_kms is not None:  # no password was ever needed for it
        rewrapped = _audio_key.rewrapped(deps, user, None, new)
        return audio_key_attributes(rewrapped) if rewrapped else {}, None
    if audio.recovery_key is not None and user.audio_key is not None:
        recovered = _audio_key.recovered(deps, user, user.audio_key, audio.recovery_key, new)
        return {**audio_key_attributes(recovered), "recovery_key_shown": recovery_mark(recovered)}, None
    if user.audio_key is not None and not audio.abandon:
        raise AudioDecisionNeeded
    version = user.audio_key.version + 1 if user.audio_key else 1
    made = _audio_key.make(deps, user.user_id, new, user.key_salt, version=version)
    return audio_key_attributes(made.audio_key), made.recovery_key
