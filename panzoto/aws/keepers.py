"""A call to KMS or Secrets Manager, which keep our keys, in terms of ours: every fault on the way is an outage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from panzoto.errors import KeysUnavailable, PanzotoError

RETRY_AFTER = 5
# What keeps them from being asked, or their answer from being one: a proxy's page, or nothing that we asked for.
FAULTS = (BotoCoreError, ResponseParserError, KeyError)
# What KMS says of a text that it did not make, or not for this person.
REJECTED = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


@contextmanager
def asking(refusals: frozenset[str] = frozenset(), otherwise: PanzotoError | None = None) -> Iterator[None]:
    """Ask inside of it, and take from the answer what was asked for; `otherwise` is what those refusals mean."""
    try:
        yield
    except ClientError as fault:
        if otherwise is not None and fault.response["Error"]["Code"] in refusals:
            raise otherwise from fault
        raise KeysUnavailable(retry_after=RETRY_AFTER) from fault
    except FAULTS as fault:
        raise KeysUnavailable(retry_after=RETRY_AFTER) from fault
