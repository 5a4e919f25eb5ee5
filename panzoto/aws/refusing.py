"""Why AWS does not know us: the clock, or the credentials; in words that whoever runs the host can act on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from botocore.exceptions import ClientError

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
UNKNOWN = frozenset({"UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"})
SIGNATURE = frozenset(
    {"InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "RequestExpired", "InvalidSignature"}
)
# What S3 says to a HEAD, which has no words.
FORBIDDEN = frozenset({"403"})
# The least that AWS minds is five minutes, and its Date has whole seconds.
TOLERATED = timedelta(minutes=4)


def reason(fault: BaseException | None, now: datetime) -> str | None:
    """The sentence for a fault that says that AWS does not know us; None for any other."""
    if not isinstance(fault, ClientError):
        return None
    code = fault.response["Error"].get("Code", "")
    if code in EXPIRED:
        return "The credentials of this host have expired, and nothing has renewed them."
    if code in UNKNOWN:
        return "AWS does not know this host's access key: it is wrong, of another account, or was deleted."
    return _of_signature(fault, now, code) if code in SIGNATURE | FORBIDDEN else None


def _of_signature(fault: ClientError, now: datetime, code: str) -> str | None:
    """What is said where a signature was refused, or where S3 forbids without a word why."""
    ahead = _ahead(fault, now)
    if ahead is not None and abs(ahead) > TOLERATED:
        minutes, side = round(abs(ahead) / timedelta(minutes=1)), "ahead of" if ahead > timedelta(0) else "behind"
        return f"This host's clock is {minutes} minutes {side} AWS's, which refuses our signature. Set the clock."
    if code in FORBIDDEN:
        return None
    return "AWS refused our signature: the clock of this host, or the secret of its access key, is wrong."


def _ahead(fault: ClientError, now: datetime) -> timedelta | None:
    """By how much this host is ahead of the answer that refused."""
    said = fault.response["ResponseMetadata"].get("HTTPHeaders", {}).get("date", "")
    try:
        theirs = parsedate_to_datetime(said)
    except ValueError:
        return None
    return now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))
