"""What a month costs that is stated by its people, their logins and the minutes that they record."""

from __future__ import annotations

from dataclasses import dataclass

from . import costs
from .costs import DECRYPTING, RECORDINGS, SIGNING_IN, Cost

GB = 1e9
# Bytes kept in the tables, their indexes included.
OF_A_PERSON, OF_A_SESSION, OF_A_RECORDING = 2500, 2500, 1500


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What people do beside signing in. A recording is uploaded and recorded once, decrypted once, and kept."""

    requests_a_login: float = 20
    refreshes_a_login: float = 8
    lists_a_login: float = 2
    minutes_a_recording: float = 5
    kilobits_a_second: float = 64


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a bill: what, how often, and its price in dollars."""

    what: str
    times: float
    dollars: float
    cost: Cost | None = None


def month(*, users: int, logins: int, minutes: float, habits: Habits | None = None) -> list[Line]:
    """The bill of a month: requests to the tables first, then what is kept, then S3 and KMS."""
    does = habits or Habits()
    recordings = minutes / does.minutes_a_recording
    recorded = minutes * 60 * does.kilobits_a_second * 1000 / 8 / GB
    tables = (users * OF_A_PERSON + logins * OF_A_SESSION + recordings * OF_A_RECORDING) / GB
    return [
        *(
            Line(what=what, times=times, cost=cost, dollars=times * costs.price(cost))
            for what, times, cost in acts(logins, recordings, does)
        ),
        Line(what="GB in the tables", times=tables, dollars=tables * costs.TABLE_GB_MONTH),
        Line(what="GB of recordings in S3", times=recorded, dollars=recorded * costs.S3_GB_MONTH),
        Line(what="S3: uploads and copies", times=2 * recordings, dollars=2 * recordings * costs.S3_PUT),
        Line(what="S3: looks and downloads", times=3 * recordings, dollars=3 * recordings * costs.S3_GET),
        Line(what="KMS: keys of copies", times=2 * recordings, dollars=2 * recordings * costs.KMS_CALL),
    ]


def acts(logins: float, recordings: float, does: Habits) -> list[tuple[str, float, Cost]]:
    """Each act with how often it happens, and what it costs the tables."""
    return [
        ("login, known device", logins, SIGNING_IN["login, known device"]),
        ("refresh", logins * does.refreshes_a_login, SIGNING_IN["refresh"]),
        ("signed-in request", logins * does.requests_a_login, SIGNING_IN["check and GET me"]),
        ("list of 50", logins * does.lists_a_login, RECORDINGS["list of 50"]),
        ("begin an upload", recordings, RECORDINGS["begin"]),
        ("record an upload", recordings, RECORDINGS["record"]),
        ("decrypt", recordings, DECRYPTING["decrypt"]),
    ]
