"""A call that asks AWS to send something, in terms of ours: what is known of it, and whether it may be asked again."""

from __future__ import annotations

from collections.abc import Callable

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ProxyConnectionError,
)
from botocore.exceptions import ConnectionError as NotConnected
from botocore.parsers import ResponseParserError

from panzoto.errors import AddressRefused, MessageNotSent

# Refused before anything was done, for a moment.
BUSY = frozenset({"Throttling", "ThrottlingException", "Throttled", "ThrottledException", "RequestLimitExceeded"})
# No connection came about, so nothing was asked.
UNREACHED = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)
# Faults between us and AWS; any other fault of botocore is a defect of ours.
FAULTS = (NotConnected, HTTPClientError, CredentialRetrievalError, NoCredentialsError, ResponseParserError)


def ask(call: Callable[[], object], *, refusals: frozenset[str]) -> None:
    """Call AWS once. `refusals` are the codes with which it refuses the address for good."""
    try:
        call()
    except ClientError as fault:
        code = fault.response["Error"]["Code"]
        if code in refusals:
            raise AddressRefused from fault
        raise MessageNotSent(code, again=code in BUSY) from fault
    except FAULTS as fault:
        raise MessageNotSent(type(fault).__name__, again=isinstance(fault, UNREACHED)) from fault
