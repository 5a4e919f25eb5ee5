"""Who goes on next: every order with so many interruptions and faults, one after the other, or any that is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.proof.stage import Actor, Fate


@dataclass
class Way:
    """One way through a play: at each stop the number of what was chosen, of how many.

    An interruption lets another go on though the one whose turn it is could. Where all of an order is tried the first
    choice is to go on, so that what no number says takes the shortest way to the end.
    """

    numbers: Sequence[int]
    interruptions: int
    faults: int
    taken: list[tuple[int, int]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def next(self, ready: Sequence[Actor], current: Actor | None) -> tuple[Actor, Fate]:
        """One of those that are ready, by the next number."""
        may = self._options(ready, current)
        place = len(self.taken)
        number = self.numbers[place] % len(may) if place < len(self.numbers) else 0
        self.taken.append((number, len(may)))
        actor, fate = may[number]
        self.interruptions -= current is not None and actor is not current
        self.faults -= fate is not Fate.GOES
        self.told.append(str(actor.number) if fate is Fate.GOES else f"{actor.number} {fate.value}")
        return actor, fate

    def _options(self, ready: Sequence[Actor], current: Actor | None) -> list[tuple[Actor, Fate]]:
        first = [current] if current else []
        others = [each for each in ready if each is not current] if self.interruptions or not current else []
        may = [*first, *others]
        options = [(each, Fate.GOES) for each in may]
        if self.faults:
            options += [(each, fate) for each in may for fate in each.fates if fate is not Fate.GOES]
        return options

    def after(self) -> list[int] | None:
        """The numbers of the way that comes after this one; None after the last."""
        numbers = [number for number, _ in self.taken]
        while numbers:
            last, many = numbers.pop(), self.taken[len(numbers)][1]
            if last + 1 < many:
                return [*numbers, last + 1]
        return None


def every_way(interruptions: int, faults: int) -> Iterator[Way]:
    """Every way with at most so many interruptions and faults; each must be gone before the next is asked for."""
    numbers: list[int] | None = []
    while numbers is not None:
        way = Way(numbers, interruptions, faults)
        yield way
        numbers = way.after()
