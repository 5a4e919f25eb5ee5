"""What each act costs at DynamoDB: declared here, pinned by the tests of budgets, priced by `flask costs`.

Units of a successful call, the check of its sign-in included, with small items and one network: reads of items above
4 KB, and lists of long ones, cost more.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Cost(NamedTuple):
    """Write units, read units and round trips of one request."""

    writes: float
    reads: float
    trips: int


SIGNING_IN = {
    "check and GET me": Cost(0, 1, 1),
    "login": Cost(7, 2, 5),
    "login, known device": Cost(7, 2, 5),
    "login after a wrong guess": Cost(8, 2, 6),
    "login, new device": Cost(10, 2, 7),
    "refresh": Cost(1, 0, 1),
    "refresh in grace": Cost(0, 0, 1),
}
OLD_TOKENS = {
    "refresh, reused": Cost(11, 1, 4),
    "refresh, invented": Cost(0, 0, 0),
}
FAILED = {
    "login failed, known": Cost(5, 2, 6),
    "login failed, unknown": Cost(5, 2, 6),
    "forgot, known": Cost(1, 0, 1),
    "forgot, unknown": Cost(1, 0, 1),
}
CHANGES = {
    "register": Cost(17, 0, 4),
    "recovery key, confirmed": Cost(3, 1, 3),
    "recovery key, new": Cost(8, 1, 4),
    "list sessions (2)": Cost(0, 1.5, 3),
    "end another session": Cost(11, 2, 4),
    "logout": Cost(13, 1, 3),
    "password change (1 session)": Cost(16, 1.5, 7),
    "logout-all (1 session)": Cost(10, 2.5, 6),
    "reset": Cost(16, 2.5, 6),
}
CODES = {
    "initiate-otp": Cost(4, 1, 5),
    "initiate-otp, too soon": Cost(1, 1, 2),
    "initiate-otp, known": Cost(4, 1, 5),
    "verify-otp, wrong": Cost(5, 0, 4),
    "verify-otp, new": Cost(15, 1, 5),
    "verify-otp, known": Cost(7, 2, 6),
    "verify-otp, nobody": Cost(1, 0, 2),
}
PHONES = {
    "phone, added: ask": Cost(4, 2, 6),
    "phone, added: verify": Cost(12, 2, 5),
    "phone, changed: ask": Cost(4, 2, 6),
    "phone, changed: verify": Cost(14, 2, 5),
    "verify-otp, with email": Cost(8, 2, 6),  # its session stands in the index of emails too
    "phone, removed": Cost(8, 1, 2),
}
ASKING_FOR_LINKS = {
    "link by mail, known": Cost(5, 2, 5),
    "link by mail, new": Cost(5, 2, 5),
    "link by sms, new": Cost(7, 3, 8),
    "link by sms, refused": Cost(7, 3, 8),
}
LINKS = {
    "first sign-in": Cost(18, 2, 5),
    "sign-in": Cost(9, 3, 6),
    "wrong code": Cost(6, 0, 3),
    "sign-in by code": Cost(12, 2, 6),
    "used link": Cost(1, 1, 2),
    "invented link": Cost(1, 1, 2),
    "first proof of an email": Cost(20, 3.5, 9),
}
BROWSERS = {
    "page": Cost(0, 0, 0),
    "button": Cost(9, 3, 6),
    "signed in": Cost(0, 2, 2),
    "signed out": Cost(11, 2, 4),
}
RECORDINGS = {
    "list of 50": Cost(0, 1.5, 2),
    "list of 50, old address": Cost(0, 1.5, 2),
    "list of 200": Cost(0, 1.5, 2),
    "begin": Cost(2, 1, 3),
    "begin, in parts": Cost(2, 1, 3),
    "record": Cost(3, 2, 3),
    "record again": Cost(0, 2, 2),
    "record, the seed's example": Cost(4, 3.5, 6),
    "go on": Cost(0, 2, 2),
    "go on, in parts": Cost(1, 2, 3),
    "go on, told with which file": Cost(2, 2, 4),
    "complete": Cost(0, 2, 2),
    "give up": Cost(2, 3, 5),
    "get": Cost(0, 2, 2),
    "download": Cost(0, 2, 2),
    "delete": Cost(5, 3, 6),
}
DECRYPTING = {
    "decrypt": Cost(3, 4, 7),
    "decrypt, by its key": Cost(4, 4, 8),  # one write more: a password that is right again is told to the limit
    "decrypt, no password": Cost(2, 4, 6),
    "content token": Cost(3, 2, 5),
    "content": Cost(0, 2, 2),
    "job, asked for": Cost(6, 2, 5),
    "job, how far": Cost(0, 3, 3),
    "job, done by a worker": Cost(5, 3, 9),
    "a look at an empty queue": Cost(0, 1, 1),
    "job, its address": Cost(0, 3, 3),
    "transcript, asked for": Cost(7, 2, 6),
    "transcript, how far": Cost(0, 3, 3),
}
PROVIDERS = {
    "leave for the provider": Cost(6, 0, 3),
    "come back, first sign-in": Cost(27, 2, 8),
    "sign-in by a code": Cost(13, 3, 7),
    "connections": Cost(0, 2, 2),
    "access token": Cost(0, 2, 2),
    "access token, refreshed": Cost(4, 2, 5),
    "disconnect": Cost(12, 3, 7),
}
ADMINISTRATORS = {
    "find a person": Cost(0, 3, 3),
    "look at a person": Cost(0, 7, 9),
    "audit of a person": Cost(0, 2, 2),
    "approve an email": Cost(8, 2, 3),
    "look at an approval": Cost(0, 2, 2),
    "end an approval": Cost(8, 2, 3),
    "end somebody's sessions": Cost(11, 4, 8),
    "send a reset": Cost(9, 2, 4),
    "give a role": Cost(9, 2, 3),
    "take a role": Cost(9, 2.5, 4),
    "shut somebody out": Cost(9, 2.5, 4),
    "let somebody in again": Cost(9, 2, 3),
}
REFUSED_CODES = {"initiate-otp, no number": Cost(0, 0, 0), "initiate-otp, address full": Cost(0, 0, 1)}
# What comes on top where approvals are asked for, of approved people and of those of an internal domain.
APPROVED = {
    "login": Cost(0, 1, 1),
    "check": Cost(0, 0, 0),
    "refresh": Cost(0, 3, 3),
    "refresh in grace": Cost(0, 3, 3),
}
INTERNAL = {
    "login": Cost(0, 0, 0),
    "check": Cost(0, 0, 0),
    "refresh": Cost(0, 2, 2),
    "refresh in grace": Cost(0, 2, 2),
}

# Every act by its name, in the groups in which they are shown.
GROUPS = {
    "accounts": SIGNING_IN | CHANGES,
    "accounts, refused": FAILED | OLD_TOKENS,
    "codes to the phone": CODES | PHONES | REFUSED_CODES,
    "links": ASKING_FOR_LINKS | LINKS | BROWSERS,
    "approved people, besides": APPROVED,
    "people of an internal domain, besides": INTERNAL,
    "recordings": RECORDINGS,
    "recordings in clear": DECRYPTING,
    "sign-in with a provider, and its vault": PROVIDERS,
    "administrators": ADMINISTRATORS,
}

# On demand, us-east-1, dollars. AWS changes them: its price list is what counts.
PER_MILLION_WRITES, PER_MILLION_READS, MILLION = Decimal("0.625"), Decimal("0.125"), 10**6
WRITE, READ = float(PER_MILLION_WRITES) / MILLION, float(PER_MILLION_READS) / MILLION
TABLE_GB_MONTH = 0.25
S3_GB_MONTH, S3_PUT, S3_GET = 0.023, 5e-6, 0.4e-6
KMS_CALL = 3e-6


def price(cost: Cost) -> float:
    """What DynamoDB asks for one request, in dollars."""
    return cost.writes * WRITE + cost.reads * READ


def dollars(writes: float | Decimal, reads: float | Decimal) -> Decimal:
    """The same for units that were counted, to the last digit."""
    return (Decimal(writes) * PER_MILLION_WRITES + Decimal(reads) * PER_MILLION_READS) / MILLION
