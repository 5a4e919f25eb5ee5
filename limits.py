"""The rate limits: their names, how much each allows, and how a configuration changes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import formats

MOST = 1_000_000
SHORTEST = timedelta(seconds=1)
CHANGE = re.compile(r"\s*([a-z.]+)=(\d{1,7})/(\w+)\s*", re.ASCII)


@dataclass(frozen=True)
class Limit:
    """So many in so long, under a name."""

    name: str
    most: int
    window: timedelta

    def index(self, now: datetime) -> int:
        """Which window it is now."""
        return int(now.timestamp() // self.window.total_seconds())

    def ends(self, now: datetime) -> int:
        """When this window ends, in seconds since 1970."""
        return int((self.index(now) + 1) * self.window.total_seconds())

    def __str__(self) -> str:
        return f"{self.name}={self.most}/{int(self.window.total_seconds() // 60)}m"


@dataclass(frozen=True)
class Limits:
    """Every limit, by name."""

    each: tuple[Limit, ...]

    def __getitem__(self, name: str) -> Limit:
        return next(limit for limit in self.each if limit.name == name)

    def __str__(self) -> str:
        return ",".join(map(str, self.each))


QUARTER, HOUR, HALF_DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(hours=12)
# What a person never reaches, and what guessing or flooding does.
DEFAULTS = Limits(
    (
        Limit("login.address", 100, QUARTER),
        Limit("login.account", 10, QUARTER),
        Limit("login.anywhere", 100, QUARTER),
        Limit("register.address", 30, HOUR),
        Limit("password.account", 10, QUARTER),
        Limit("forgot.address", 20, HOUR),
        Limit("forgot.account", 3, QUARTER),
        Limit("reset.address", 30, QUARTER),
        Limit("email.account", 5, HOUR),
        Limit("email.mailbox", 10, HOUR),  # what all accounts together have sent to one that is none of theirs
        Limit("email.network", 5, HOUR),  # a mailbox's, by one network: alone it keeps nobody from their own
        Limit("code.address", 20, HOUR),
        Limit("code.phone", 30, HALF_DAY),
        Limit("code.network", 15, HALF_DAY),  # a phone's, by one network: alone it keeps nobody out
        Limit("code.guesses", 60, QUARTER),
        Limit("sms.everywhere", 200, timedelta(minutes=5)),
        Limit("link.address", 20, HOUR),
        Limit("link.account", 30, HOUR),  # more than one network may ask for: alone it keeps nobody out
        Limit("link.guesses", 60, QUARTER),
        Limit("upload.account", 600, HOUR),
        Limit("decrypt.account", 240, HOUR),
        Limit("oauth.address", 100, QUARTER),
    )
)


def changed(text: str) -> Limits:
    """The limits, with those that a configuration names changed: `login.account=5/10m,forgot.address=3/1h`."""
    limits = {limit.name: limit for limit in DEFAULTS.each}
    for part in text.split(","):
        found = CHANGE.fullmatch(part)
        if found is None or found[1] not in limits or not 0 < int(found[2]) <= MOST:
            raise ValueError(f"limits such as login.account=5/10m between commas, of {', '.join(limits)}")
        window = formats.duration(found[3])
        if window < SHORTEST:
            raise ValueError("limits whose windows are a second or longer")
        limits[found[1]] = Limit(found[1], int(found[2]), window)
    return Limits(tuple(limits.values()))
