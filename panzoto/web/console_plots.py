"""Plots of the console: bars by day, laid out here and drawn by a template as SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Amount = int | Decimal
WIDE, HIGH, LEFT, BELOW, ABOVE = 640, 220, 76, 24, 10
# So many series have a colour of their own; what is beyond shares the last.
COLOURS = 6
ROUND = (2, 4, 10)  # whose halves are whole: an axis has a mark in its middle
DATES_SHOWN = 5


@dataclass(frozen=True)
class Bar:
    """A part of one day's bar, and what it says when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    says: str


@dataclass(frozen=True)
class Tick:
    """A mark on an axis, and where its text stands beside it."""

    at: float
    says: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Plot:
    """Bars by day. `rows` is the same as a table, for whoever does not see it."""

    key: str
    title: str
    total: str
    names: tuple[str, ...]
    bars: tuple[Bar, ...]
    levels: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    rows: tuple[tuple[date, tuple[str, ...]], ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.bars


def by_day(
    key: str,
    title: str,
    series: Mapping[str, Sequence[Amount]],
    days: Sequence[date],
    say: Callable[[Amount], str],
    total: Amount | None = None,
) -> Plot:
    """Stacked bars, one for each day."""
    sums = [Decimal(sum(each[index] for each in series.values())) for index in range(len(days))]
    top = _top(max(sums, default=Decimal(0)))
    return Plot(
        key=key,
        title=title,
        total=say(sum(sums) if total is None else total),
        names=tuple(series),
        bars=tuple(_bars(series, days, top, say)),
        levels=tuple(Tick(_y(top * part / 4, top), say(top * part / 4)) for part in (0, 2, 4)),
        dates=tuple(_dates(days)),
        rows=tuple((day, tuple(say(each[index]) for each in series.values())) for index, day in enumerate(days)),
    )


def _bars(
    series: Mapping[str, Sequence[Amount]], days: Sequence[date], top: Decimal, say: Callable[[Amount], str]
) -> list[Bar]:
    step = (WIDE - LEFT) / len(days)
    found = []
    for index, day in enumerate(days):
        below = Decimal(0)
        for colour, (name, amounts) in enumerate(series.items()):
            if (amount := amounts[index]) <= 0:
                continue
            y, bottom = _y(below + amount, top), _y(below, top)
            says = f"{day.isoformat()} · {name}: {say(amount)}"
            x = round(LEFT + index * step + step * 0.14, 1)
            height = round(max(bottom - y, 1.5), 1)
            found.append(Bar(x, round(y, 1), round(step * 0.72, 1), height, min(colour, COLOURS - 1), says))
            below += amount
    return found


def _top(most: Decimal) -> Decimal:
    """The round amount at the top of the axis."""
    if most <= 0:
        return Decimal(4)
    scale = Decimal(10) ** most.adjusted()
    return max(next(scale * each for each in ROUND if scale * each >= most), Decimal("1e-9"))


def _y(amount: Decimal, top: Decimal) -> float:
    return round(HIGH - BELOW - float(amount / top) * (HIGH - BELOW - ABOVE), 1)


def _dates(days: Sequence[date]) -> list[Tick]:
    step, every = (WIDE - LEFT) / len(days), max(1, len(days) // DATES_SHOWN)
    shown = [index for index in range(len(days)) if (len(days) - 1 - index) % every == 0]
    found = [Tick(round(LEFT + (index + 0.5) * step, 1), f"{days[index]:%b} {days[index].day}") for index in shown]
    return [*found[:-1], Tick(WIDE, found[-1].says, "end")]  # so that the last one is whole
