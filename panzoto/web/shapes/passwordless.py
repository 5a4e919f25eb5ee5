"""The bodies of the routes that sign in by phone or by link."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from panzoto.web.schemas import Answer, Body

from .auth import DeviceId, Email, Password, Token

PhoneNumber = Annotated[str, Field(min_length=1, max_length=64, examples=["+14155552671"])]
Code = Annotated[SecretStr, Field(min_length=4, max_length=12, examples=["123456"])]
DashboardId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.:-]+$")]


class InitiateOtp(Body):
    """The phone that gets a code. With `device_id` the code works on that device alone: send it."""

    phone_number: PhoneNumber
    device_id: DeviceId | None = None


class VerifyOtp(Body):
    """The code that came."""

    phone_number: PhoneNumber
    otp: Code
    device_id: DeviceId | None = None


class AskForLink(Body):
    """Who gets a link, and where: in their mailbox, or as an SMS to the phone of the account."""

    email: Email
    flow: Literal["email", "sms"] = "email"
    phone_number: PhoneNumber | None = None
    device_id: DeviceId | None = None
    dashboard_id: DashboardId | None = None

    @model_validator(mode="after")
    def _has_its_phone(self) -> Self:
        if (self.flow == "sms") != (self.phone_number is not None):
            raise ValueError("must have phone_number for the flow sms, and for no other")
        return self


class VerifyLink(Body):
    """The token of the link; or the `request_id` of the answer, with the code of the mail."""

    token: Token | None = None
    request_id: Token | None = None
    code: Code | None = None
    device_id: DeviceId | None = None

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        by_code = self.request_id is not None and self.code is not None
        given = [self.token, self.request_id, self.code]
        if given.count(None) != (1 if by_code else 2) or (self.token is None and not by_code):
            raise ValueError("must have either token, or request_id and code")
        return self


class AskForPhone(Body):
    """The phone to be added, and the password unless the sign-in is not long ago."""

    phone_number: PhoneNumber
    device_id: DeviceId | None = None
    current_password: Password | None = None


class RemovePhone(Body):
    """The password, unless the sign-in is not long ago."""

    current_password: Password | None = None


class CodeSent(Answer):
    """A code is on its way: for how many seconds it works, and when another may be asked for."""

    status: str = "code_sent"
    expires_in: int
    resend_after: int


class LinkSent(Answer):
    """A message is on its way, whoever was named. `request_id` goes with the code of the mail."""

    status: str = "check_your_messages"
    request_id: str
    expires_in: int
