"""Which plots the overview shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from panzoto.flows.admin.overview import Day, Overview

from .console_plots import Amount, Plot, by_day
from .console_words import dollars, method, number, size

MEANS = {"email": "Mail", "sms": "SMS"}


def plots(seen: Overview) -> list[Plot]:
    """The figures of the days as plots."""
    days = [each.day for each in seen.days]
    stored = {"At the end of the day": [each.audio_bytes for each in seen.days]}
    units = {"Reads": [each.reads for each in seen.days], "Writes": [each.writes for each in seen.days]}
    return [
        by_day("sign-ins", "Sign-ins", _by_name(seen.days, lambda day: day.sign_ins, method), days, number),
        by_day("failures", "Failed sign-ins", _by_name(seen.days, lambda day: day.failures, method), days, number),
        by_day("audio", "Stored audio", stored, days, size, seen.audio_bytes),
        by_day("messages", "Messages sent", _by_name(seen.days, lambda day: day.messages, _means), days, number),
        by_day("units", "Request units of DynamoDB", units, days, number),
        by_day("cost", "What they cost", {"Dollars": [each.dollars for each in seen.days]}, days, dollars),
    ]


def _by_name(
    days: Sequence[Day], of: Callable[[Day], Mapping[str, int]], say: Callable[[str], str]
) -> dict[str, list[Amount]]:
    """A series for each name, the largest first; names that are said alike are one."""
    found: dict[str, list[Amount]] = {}
    for name in sorted({name for day in days for name in of(day)}):
        amounts = [of(day).get(name, 0) for day in days]
        before = found.get(say(name), [0] * len(days))
        found[say(name)] = [one + other for one, other in zip(before, amounts, strict=True)]
    return dict(sorted(found.items(), key=lambda each: -sum(each[1])))


def _means(name: str) -> str:
    return MEANS.get(name, name)
