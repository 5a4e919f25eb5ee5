"""Times as items hold them: whole seconds since 1970, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def from_iso(text: str) -> datetime:
    """The time of ISO text. Where it names no zone, as in what the seed wrote, it is UTC."""
    read = datetime.fromisoformat(text)
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def seconds(time: datetime) -> int:
    """The seconds of a time, rounded down."""
    return int(time.timestamp())


def from_seconds(value: int) -> datetime:
    """The time of those seconds."""
    return datetime.fromtimestamp(int(value), UTC)


def maybe_seconds(time: datetime | None) -> int | None:
    """The seconds of a time that may not be."""
    return None if time is None else seconds(time)


def maybe_from_seconds(value: int | None) -> datetime | None:
    """The time of seconds that may not be."""
    return None if value is None else from_seconds(value)
