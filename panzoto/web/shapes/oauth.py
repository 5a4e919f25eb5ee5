"""The bodies of the `oauth` routes."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from panzoto.web.schemas import Answer, Body, Path, Query

from .auth import DeviceId, Password

Verifier = Annotated[SecretStr, Field(min_length=43, max_length=128)]
Challenge = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
Code = Annotated[SecretStr, Field(min_length=1, max_length=4096)]
Nonce = Annotated[str, Field(min_length=8, max_length=256, pattern=r"^[\x21-\x7e]+$")]
Redirect = Annotated[str, Field(min_length=1, max_length=512)]
Jwt = Annotated[SecretStr, Field(min_length=1, max_length=16384)]


class ProviderPath(Path):
    """Which provider."""

    provider: Annotated[str, Field(max_length=31)]


class Authorize(Query):
    """Where the flow ends: in the app, by a deep link of its own and the S256 challenge of its verifier; or here."""

    redirect_to: Redirect | None = None
    code_challenge: Challenge | None = None

    @model_validator(mode="after")
    def _has_its_challenge(self) -> Self:
        if (self.redirect_to is None) != (self.code_challenge is None):
            raise ValueError("must have redirect_to and code_challenge, or neither")
        return self


class Callback(Query):
    """What the provider adds to our address; anything else that it adds says nothing to us."""

    model_config = Query.model_config | {"extra": "ignore"}

    state: Annotated[str, Field(max_length=512)] = ""
    code: Annotated[str, Field(max_length=4096)] | None = None
    error: Annotated[str, Field(max_length=256)] | None = None
    iss: Annotated[str, Field(max_length=512)] | None = None


class Exchange(Body):
    """A code of the provider's that the app got by itself, or the `handoff` of a browser; and the verifier."""

    code: Code | None = None
    handoff: Code | None = None
    code_verifier: Verifier
    redirect_uri: Redirect | None = None
    nonce: Nonce | None = None
    device_id: DeviceId | None = None

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if (self.code is None) == (self.handoff is None):
            raise ValueError("send either code or handoff")
        if self.handoff is not None and (self.redirect_uri is not None or self.nonce is not None):
            raise ValueError("redirect_uri and nonce belong to code")
        return self


class IdTokenBody(Body):
    """An id token that the phone gave to the app, and the nonce that the app asked for it with."""

    id_token: Jwt
    nonce: Nonce
    device_id: DeviceId | None = None


class Link(Body):
    """The same as at a sign-in: an id token, a code, or a handoff. And the password, unless the sign-in is recent."""

    code: Code | None = None
    handoff: Code | None = None
    code_verifier: Verifier | None = None
    redirect_uri: Redirect | None = None
    id_token: Jwt | None = None
    nonce: Nonce | None = None
    current_password: Password | None = None

    @model_validator(mode="after")
    def _is_one_of_three(self) -> Self:
        if [self.code, self.handoff, self.id_token].count(None) != 2:  # noqa: PLR2004 (of three)
            raise ValueError("send one of code, handoff and id_token")
        if (self.id_token is None) != (self.code_verifier is not None):
            raise ValueError("code_verifier belongs to code and to handoff")
        if self.id_token is not None and self.nonce is None:
            raise ValueError("nonce belongs to id_token")
        return self


class Confirm(Body):
    """The password, unless the sign-in is not long ago."""

    current_password: Password | None = None


class Wanted(Query):
    """Scopes that the token must have, between spaces."""

    scope: Annotated[str, Field(max_length=1024)] | None = None


class ConnectionShape(Answer):
    """One provider, and what this account has there."""

    provider: str
    signs_in: bool
    connected: bool
    email: str | None
    name: str | None
    scope: str | None
    reason: str | None
    created_at: str | None
    last_used_at: str | None


class ConnectionList(Answer):
    """The providers that this account has, or had, something to do with; and those that there are."""

    connections: list[ConnectionShape]
    providers: list[str]


class LiveToken(Answer):
    """An access token of the provider's that works now."""

    access_token: str
    token_type: str = "Bearer"
    expires_at: str
    scope: str | None


class Ended(Answer):
    """Whether the provider was told at once; otherwise it will be, and nothing reads the tokens meanwhile."""

    status: str
    revoked: bool
