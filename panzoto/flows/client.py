"""Who calls, as far as it is known: for limits, audit events and the language of a mail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Client:
    """The address, the program and the language of a caller. The address is what our own proxies say, nobody else."""

    address: str
    user_agent: str
    language: str
