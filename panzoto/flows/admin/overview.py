"""How much happens, day by day, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from panzoto import costs
from panzoto.deps import Deps
from panzoto.models.auth_state.figures import Amounts

from .staff import Staff

MOST_DAYS = 365
DAY = timedelta(days=1)
NONE = Decimal(0)


@dataclass(frozen=True)
class Day:
    """The figures of one day in UTC. `audio_bytes` is what was stored at its end."""

    day: date
    sign_ins: Mapping[str, int]
    failures: Mapping[str, int]
    messages: Mapping[str, int]
    reads: Decimal
    writes: Decimal
    audio_bytes: int

    @property
    def sessions_begun(self) -> int:
        """Every sign-in begins one."""
        return sum(self.sign_ins.values())

    @property
    def dollars(self) -> Decimal:
        """What the request units cost."""
        return costs.dollars(self.writes, self.reads)


@dataclass(frozen=True)
class Overview:
    """The last days, and what there is now; each process writes what it has counted a few seconds late."""

    days: tuple[Day, ...]
    active_sessions: int
    audio_files: int
    audio_bytes: int
    per_million_reads: Decimal = costs.PER_MILLION_READS
    per_million_writes: Decimal = costs.PER_MILLION_WRITES

    @property
    def dollars(self) -> Decimal:
        """What the request units of these days cost."""
        return sum((each.dollars for each in self.days), NONE)

    @property
    def methods(self) -> tuple[str, ...]:
        """The ways in that were tried in these days."""
        return tuple(sorted({name for each in self.days for name in (*each.sign_ins, *each.failures)}))


def overview(deps: Deps, _: Staff, days: int = 30) -> Overview:
    """The figures of the last days: one query that reads an item for each day, and the item of the totals."""
    today = deps.clock().date()
    lasting = -(-deps.config.jwt_refresh_expiry // DAY)
    first = today - DAY * (max(min(days, MOST_DAYS), lasting) - 1)
    kept = deps.figures.between(first, today)
    living = [_living(kept.days.get(today - DAY * back, {})) for back in range(lasting)]
    wanted = [today - DAY * back for back in range(min(days, MOST_DAYS))]
    stored = int(kept.total.get("audio_bytes", NONE))
    found = []
    for day in wanted:  # from today back, so that each day's end is the next one's beginning
        amounts = kept.days.get(day, {})
        found.append(_day(day, amounts, max(0, stored)))
        stored -= int(amounts.get("audio_bytes", NONE))
    return Overview(
        days=tuple(reversed(found)),
        active_sessions=sum(living),
        audio_files=max(0, int(kept.total.get("audio_files", NONE))),
        audio_bytes=max(0, int(kept.total.get("audio_bytes", NONE))),
    )


def _day(day: date, amounts: Amounts, stored: int) -> Day:
    return Day(
        day=day,
        sign_ins=_by_name(amounts, "in#"),
        failures=_by_name(amounts, "failed#"),
        messages=_by_name(amounts, "sent#"),
        reads=amounts.get("reads", NONE),
        writes=amounts.get("writes", NONE),
        audio_bytes=stored,
    )


def _by_name(amounts: Amounts, beginning: str) -> dict[str, int]:
    return {name.removeprefix(beginning): int(each) for name, each in amounts.items() if name.startswith(beginning)}


def _living(amounts: Amounts) -> int:
    """The sessions that began on a day and were not ended; those that rest too long are still among them."""
    return max(0, sum(_by_name(amounts, "in#").values()) - int(amounts.get("ended", NONE)))
