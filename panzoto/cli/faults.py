"""What can keep a command from DynamoDB: one sentence each, which names the variable to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as NotConnected
from botocore.parsers import ResponseParserError

from panzoto.cli.schema import Call

if TYPE_CHECKING:
    from config import Config

Fault = ClientError | BotoCoreError | ResponseParserError
FAULTS = (ClientError, BotoCoreError, ResponseParserError)
CREDENTIALS = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
# DynamoDB does not know who is asking.
STRANGER = frozenset(
    {
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)
FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException"})
# An emulator's answer to what it does not have.
UNKNOWN = frozenset({"UnknownOperation", "UnknownOperationException"})


class ControlFault(Exception):
    """A command could not do its work. Its text is for the person who gave it."""


class Unreachable(ControlFault):
    """DynamoDB cannot be asked anything: no way to it, or nobody that it knows."""


class Refused(ControlFault):
    """DynamoDB refused this one request."""


class Unsupported(Refused):
    """This endpoint, which is no AWS, does not have the operation."""


@dataclass(frozen=True)
class Place:
    """Where DynamoDB is, and the variables that say so."""

    region: str
    region_variable: str
    endpoint: str | None
    endpoint_variable: str

    @classmethod
    def of(cls, config: Config) -> Self:
        """The place that a configuration names."""
        return cls(
            region=config.dynamodb_region or config.aws_region,
            region_variable="DYNAMODB_REGION" if config.dynamodb_region else "AWS_REGION",
            endpoint=config.dynamodb_endpoint or config.aws_endpoint,
            endpoint_variable="DYNAMODB_ENDPOINT" if config.dynamodb_endpoint else "AWS_ENDPOINT_URL",
        )

    @property
    def variable(self) -> str:
        """The variable that decides where DynamoDB is looked for."""
        return self.endpoint_variable if self.endpoint else self.region_variable

    def __str__(self) -> str:
        return f"{self.endpoint} ({self.endpoint_variable})" if self.endpoint else f"{self.region} ({self.variable})"


def code(fault: Fault) -> str:
    """The code of an error that DynamoDB answered; nothing for any other fault."""
    return fault.response["Error"].get("Code", "") if isinstance(fault, ClientError) else ""


def explained(fault: Fault, call: Call, place: Place) -> ControlFault:
    """The sentence for a fault that did not pass."""
    if isinstance(fault, ClientError):
        return _answered(fault, call, place)
    if isinstance(fault, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError):
        return Unreachable(f"There are no AWS credentials: set {CREDENTIALS}, or run where a role gives them.")
    if isinstance(fault, ResponseParserError):
        return Unreachable(f"What answers at {place} is not DynamoDB.")
    if isinstance(fault, NotConnected | HTTPClientError):
        return Unreachable(f"DynamoDB does not answer at {place}: is it there, and does the network lead to it?")
    return Unreachable(f"DynamoDB cannot be asked: {fault}")


def _answered(fault: ClientError, call: Call, place: Place) -> ControlFault:
    table, reason = call.request.get("TableName"), fault.response["Error"].get("Message") or "without a reason"
    if code(fault) in STRANGER:
        enabled = f"{place.region_variable} must be a region that the account uses"
        return Unreachable(f"AWS does not know who is asking ({code(fault)}): look at {CREDENTIALS}; {enabled}.")
    if "KMS" in reason:  # the code is that of a call that is not permitted, or of one that is wrong
        return Refused(f"{table}: the key in TABLES_KMS_KEY_ARN cannot be used: {reason}")
    if code(fault) in FORBIDDEN:
        policy = "infra/rendered/iam-operator-policy.json permits it, or AWS_ACCESS_KEY_ID is somebody else's"
        return Refused(f"{table}: this identity may not call dynamodb:{call.operation}; {policy}.")
    if code(fault) in UNKNOWN:
        return Unsupported(f"{call.operation} is not supported by this endpoint.")
    return Refused(f"{table}: DynamoDB refused {call.operation}: {code(fault)}, {reason}")
