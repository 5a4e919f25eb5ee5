"""The bodies of requests about passwords and recovery keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from panzoto.web.schemas import Answer, Body

from .auth import DeviceId, Email, Password, Token


class ChangePassword(Body):
    """The password that is, if there is one, and the one that shall be."""

    current_password: Password | None = None
    new_password: Password
    device_id: DeviceId | None = None


class Reauthenticate(Body):
    """The password, because it still must be the owner who asks; who has none needs a sign-in that is not long ago."""

    current_password: Password | None = None


class ConfirmRecoveryKey(Body):
    """The recovery key, as its owner has kept it; case, spaces and dashes do not matter."""

    recovery_key: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class RecoveryKey(Answer):
    """A new recovery key: show it and have it kept."""

    recovery_key: str


class ForgotPassword(Body):
    """Whose password was forgotten."""

    email: Email


class ResetPassword(Body):
    """The token of the link, the new password, and what becomes of the recordings."""

    token: Token
    new_password: Password
    recovery_key: Annotated[SecretStr, Field(max_length=200)] | None = None
    abandon_audio: bool = False
    device_id: DeviceId | None = None
