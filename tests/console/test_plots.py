"""The plots of the overview, as numbers."""

from __future__ import annotations

from datetime import date

import pytest

from panzoto.web.console_plots import by_day
from panzoto.web.console_words import number


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 6, 9, 10, 11, 17, 25, 41, 99, 100, 450])
def test_the_axis_of_a_count_has_whole_numbers(most: int) -> None:
    """Nobody signs in two and a half times, so no mark of the axis says so; the highest bar is below its top."""
    plot = by_day("key", "Sign-ins", {"Password": [most, 0]}, [date(2026, 11, 28), date(2026, 11, 29)], number)
    marks = [each.says for each in plot.levels]
    assert all(each.replace(",", "").isdigit() for each in marks), marks
    assert int(marks[-1].replace(",", "")) >= most
