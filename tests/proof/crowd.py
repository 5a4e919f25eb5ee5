"""What all people of a load have in common: how they ask, and what is noted of what they are answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

# What somebody is told who should try again, and what a defect is called.
LATER = frozenset({429, 500, 502, 503})
SECRET_FIELDS = ("access_token", "token", "refresh_token", "recovery_key", "audio_key", "content_token")
Ask = Callable[[str, str, Any, str | None], tuple[int, dict[str, Any]]]
ReadMail = Callable[[str], list[str]]


@dataclass
class Crowd:
    """What all people of a load have in common: how they ask, and what is noted of them."""

    ask: Ask
    read: ReadMail
    random: Random
    statuses: Counter[int] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    secrets: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)

    def hears(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, dict[str, Any]]:
        """An answer, with what is secret in it noted."""
        status, said = self.ask(method, path, body, token)
        self.statuses[status] += 1
        self.secrets |= {str(said[name]) for name in SECRET_FIELDS if said.get(name)}
        return status, said

    def expects(self, act: str, status: int, *good: int) -> bool:
        """Whether it was done; what is neither done nor to be tried again is a violation."""
        self.acts[act] += status in good
        if status not in good and status not in LATER:
            self.violations.append(f"{act} was answered {status}")
        return status in good
