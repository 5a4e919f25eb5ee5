"""A call to S3, in terms of ours: every fault on the way is storage that does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from panzoto.errors import StorageUnavailable

from .sending import FAULTS

RETRY_AFTER = 5


def unavailable() -> StorageUnavailable:
    """What a client hears when S3 does not do what it is asked."""
    return StorageUnavailable(retry_after=RETRY_AFTER)


def code(fault: ClientError) -> str:
    """The code of an error that S3 answered; of a HEAD it is the status."""
    return fault.response["Error"].get("Code", "")


@contextmanager
def asking() -> Iterator[None]:
    """Ask S3 inside of it."""
    try:
        yield
    except (ClientError, *FAULTS) as fault:
        raise unavailable() from fault
