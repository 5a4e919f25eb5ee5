"""What was answered as done is there after every storm; a write that does not know itself again is found out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import pytest

from panzoto.models.store.gateway import Gateway
from tests.proof import faults, storm
from tests.proof.harness import Place, Size
from tests.proof.people import registered
from tests.support import border


def test_a_storm_costs_nothing(ministack: str) -> None:
    """A shortened storm; `make proof` has longer ones."""
    figures = faults.prove(Place(ministack), Size.SHORT)
    assert figures.violations == []
    for what in ("faults injected", "decrypt", "token of a provider", "hostile, refused"):
        assert figures.counts[what] > 0, what


def test_a_registration_that_is_another_at_each_attempt(ministack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the repeated attempt of a transaction is not known as the same, people meet themselves."""
    send = Gateway._send

    def anew(self: Gateway, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        token = {"ClientRequestToken": secrets.token_urlsafe(24)} if "ClientRequestToken" in request else {}
        return send(self, operation, {**request, **token})

    monkeypatch.setattr(Gateway, "_send", anew)
    monkeypatch.setattr(storm, "FAULTS", {name: {"lost": border.lost} for name in storm.FAULTS})
    _, weather, crowd, _ = faults.begun(Place(ministack))
    weather.rate = 0.4
    while not crowd.violations:
        registered(crowd)
    assert set(crowd.violations) == {"register was answered 409"}
