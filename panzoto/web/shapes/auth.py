"""The bodies of the `auth` routes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SecretStr

from panzoto.web.schemas import Answer, Body

Email = Annotated[str, Field(min_length=1, max_length=320, examples=["test@example.com"])]
Password = Annotated[SecretStr, Field(min_length=1, max_length=1024, examples=["SecurePassword123!"])]
Name = Annotated[str, Field(max_length=200)]
DeviceId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
Token = Annotated[str, Field(min_length=1, max_length=512)]


class Register(Body):
    """A new account. `device_id` is a random name that the app gives itself and keeps."""

    email: Email
    password: Password
    name: Name | None = None
    device_id: DeviceId | None = None


class Login(Body):
    """A sign-in by password."""

    email: Email
    password: Password
    device_id: DeviceId | None = None


class Refresh(Body):
    """The newest refresh token of a session."""

    refresh_token: Token
    device_id: DeviceId | None = None


class ChangeMe(Body):
    """What is to be changed; a new email waits for the link that is sent to it."""

    name: Name | None = None
    email: Email | None = None
    current_password: Password | None = None


class DeleteMe(Body):
    """The password, unless the sign-in is not long ago."""

    current_password: Password | None = None


class VerifyEmail(Body):
    """The token of the link."""

    token: Token


class UserShape(Answer):
    """A person, as they see themselves."""

    user_id: str
    email: str | None
    email_verified: bool
    name: str | None
    phone_number: str | None
    created_at: str
    roles: list[str]
    has_password: bool
    password_suspended: bool
    recovery_key_confirmed: bool


class SignIn(Answer):
    """What every sign-in answers.

    `recovery_key` is there once, when the audio key was made: show it and have it kept. `audio_key`, in base64, is
    there for people without a password, in place of `kdf` and `wrapped_audio_key`. `dashboard_id` is what a link was
    asked for.
    """

    token: str
    refresh_token: str
    token_type: str = "Bearer"
    expires_in: int
    user_id: str
    user: UserShape
    key_salt: str
    kdf: dict[str, Any] | None
    wrapped_audio_key: str | None
    recovery_key: str | None = None
    audio_key: str | None = None
    dashboard_id: str | None = None


class Tokens(Answer):
    """The new tokens of a session."""

    token: str
    refresh_token: str
    token_type: str = "Bearer"
    expires_in: int
    user_id: str


class Done(Answer):
    """That it was done, or is on its way."""

    status: str


class Me(Answer):
    """The caller."""

    user: UserShape
    pending_email: str | None = None


class SessionShape(Answer):
    """One sign-in on one device."""

    session_id: str
    current: bool
    device: str | None
    signed_in_by: str
    address: str
    user_agent: str
    created_at: str
    last_used_at: str
    expires_at: str


class ExportedKey(Answer):
    """The audio key under the recovery key, which alone opens it: base64, in the format of `wrapped_audio_key`."""

    version: int
    sealed_under_recovery_key: str


class Export(Answer):
    """Everything that is known of the caller."""

    exported_at: str
    user: UserShape
    audio_key: ExportedKey | None
    sessions: list[dict[str, Any]]
    audio_files: list[dict[str, Any]]
    connections: list[dict[str, Any]]
    oauth_steps: list[dict[str, Any]]
    events: list[dict[str, Any]]


class SessionList(Answer):
    """Where the caller is signed in."""

    sessions: list[SessionShape]
