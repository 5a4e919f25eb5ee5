"""Where what a process has counted goes: to a day, to what there is altogether, or to the person whom it is about."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime

from panzoto.errors import SessionEnded
from panzoto.tally import TODAY, Amounts

from .auth_state.figures import DAY, TOTAL, Figures
from .users import Users

PERSON = "USER#"


class Counted:
    """Takes what was counted. A day begins and ends in UTC."""

    def __init__(self, figures: Figures, users: Users, clock: Callable[[], datetime]) -> None:
        self._figures = figures
        self._users = users
        self._clock = clock

    def __call__(self, about: str, amounts: Amounts) -> None:
        now = self._clock()
        if about.startswith(PERSON):
            with suppress(SessionEnded):  # whoever was deleted meanwhile has nothing any more
                self._users.add_audio(about.removeprefix(PERSON), amounts)
        elif about == TOTAL:
            self._figures.add_to_total(amounts)
        else:
            day = now.date() if about == TODAY else date.fromisoformat(about.removeprefix(DAY))
            self._figures.add_to_day(day, amounts, now)
