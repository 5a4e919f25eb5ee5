"""What happens in this process, counted in memory and given away now and then: counting costs no request a write.

A process that is killed takes what it has counted since then with it.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping

import structlog

from panzoto.errors import StoreUnavailable

TODAY = "today"
Amounts = Mapping[str, float]
Give = Callable[[str, Amounts], None]
log = structlog.get_logger()


class Tally:
    """Counts by what they are about: a day, a person, everything. A thread gives them away, begun by the first count.

    What giving them away costs is counted too, and does not begin it anew: an idle process rests. Every 0 seconds is
    never: then nothing is counted.
    """

    def __init__(self, every: float) -> None:
        self._every = every
        self._give: Give = _to_nobody
        self._lock = threading.Lock()
        self._counts: defaultdict[str, defaultdict[str, float]] = _nothing()
        self._is_due = False
        self._giving = threading.local()

    def goes_to(self, give: Give) -> None:
        """Who takes what is counted."""
        self._give = give

    def count(self, name: str, amount: float = 1, *, about: str = TODAY) -> None:
        """Count something."""
        if not self._every:
            return
        with self._lock:
            self._counts[about][name] += amount
            if self._is_due or getattr(self._giving, "now", False):
                return
            self._is_due = True
        timer = threading.Timer(self._every, self.give)
        timer.daemon = True
        timer.start()

    def give(self) -> None:
        """Give away what was counted. What nobody could take is counted on."""
        with self._lock:
            counts, self._counts, self._is_due = self._counts, _nothing(), False
        self._giving.now = True
        answers = True  # where the store does not, nothing else is tried: whoever waits has waited long enough
        for about, amounts in counts.items():
            if not answers or (answers := self._given(about, amounts)) is False:
                self._take_back(about, amounts)
        self._giving.now = False

    def _given(self, about: str, amounts: Amounts) -> bool:
        """Give some of it away; False if the store does not answer. What is refused for another reason is a defect."""
        try:
            self._give(about, amounts)
        except StoreUnavailable as fault:
            log.warning("figures_wait", cause=type(fault).__name__)
            return False
        except Exception:
            log.exception("figures_lost", about=about.partition("#")[0])
        return True

    def _take_back(self, about: str, amounts: Amounts) -> None:
        for name, amount in amounts.items():
            self.count(name, amount, about=about)


def _nothing() -> defaultdict[str, defaultdict[str, float]]:
    return defaultdict(lambda: defaultdict(float))


def _to_nobody(about: str, amounts: Amounts) -> None:
    """Where nobody keeps figures."""
