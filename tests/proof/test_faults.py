"""What was answered as done is there after every storm; a write that does not know itself again is found out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from panzoto.crypto.streaming.segments import Segments
from panzoto.errors import PanzotoError
from panzoto.flows.authenticate import authenticate
from panzoto.models.oauth_tokens import OAuthTokens
from panzoto.models.store.gateway import Gateway
from panzoto.web import guards
from tests.oauth.conftest import at
from tests.proof import faults, storm
from tests.proof.harness import Place, Size
from tests.proof.hostility import tries_all
from tests.proof.people import registered
from tests.proof.provided import provider
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


def believed(patch: pytest.MonkeyPatch) -> None:
    """A token that is none is the first person's."""
    known: list[Any] = []

    def anybody(deps: Any, token: str) -> Any:
        try:
            known.append(authenticate(deps, token))
        except PanzotoError:
            return known[0]
        return known[-1]

    patch.setattr(guards, "authenticate", anybody)


def garbled(patch: pytest.MonkeyPatch) -> None:
    """What is decrypted is not what was sealed."""
    opened = Segments.open
    patch.setattr(Segments, "open", lambda *given: opened(*given).upper())


def shared(patch: pytest.MonkeyPatch) -> None:
    """Everybody's connection is the one that was found first."""
    find, found = OAuthTokens.find, []

    def first(self: OAuthTokens, user_id: str, provider: str) -> Any:
        if connection := find(self, user_id, provider):
            found.append(connection)
        return find(self, found[0].user_id, provider) if found else None

    patch.setattr(OAuthTokens, "find", first)


MUTATIONS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], set[str]]] = {
    "a token that is none": (believed, {"what was hostile was answered 200"}),
    "a copy that is garbled": (garbled, {"a decrypted copy is not what was said"}),
    "a connection that all share": (shared, {"somebody has the token of somebody else"}),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_an_act_of_the_load_finds_what_is_wrong(ministack: str, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Where this is so, what people do in a load and in a storm says so; where nothing is wrong, it says nothing."""
    mutate, told = MUTATIONS[name]
    with provider() as beside:
        _, _, crowd, _ = faults.begun(Place(ministack), at(beside.issuer))
        people = [registered(crowd) for _ in range(2)]
        for wrong in (set(), told):
            if wrong:
                mutate(monkeypatch)
            for person in people:
                person.connects()
                person.records()
                person.look()
                person.decrypts()
                person.connects()
            tries_all(crowd)
            assert set(crowd.violations) == wrong
