"""What clients and applications of the tests have in common is nobody's own: each adds and takes away for itself."""

from __future__ import annotations

from typing import Any

from flask import Flask

from panzoto.aws.clients import Clients
from tests.support.configs import configured

EVENT = "before-send.kms.Encrypt"


def heard(client: Any) -> list[Any]:
    """Who answers an event of a client."""
    return [answer for _, answer in client.meta.events.emit(EVENT, request=None) if answer is not None]


def test_handlers_are_a_clients_own() -> None:
    """What is added to one client, or to the session that makes them, is not heard by one that was there before."""
    clients = Clients(configured("1" * 12, "http://127.0.0.1:9"))
    first: Any = clients.kms()
    first.meta.events.register("before-send.kms", lambda **_: "first", unique_id="a")
    second: Any = clients.kms()
    second.meta.events.register_first(EVENT, lambda **_: "second", unique_id="a")
    session: Any = clients._session
    session.events.register("before-send", lambda **_: "session", unique_id="b")
    third: Any = clients.kms()
    assert [heard(each) for each in (first, second, third)] == [["first"], ["second"], ["session"]]
    first.meta.events.unregister("before-send.kms", unique_id="a")
    third.meta.events.unregister("before-send", unique_id="b")
    assert [heard(each) for each in (first, second, third, clients.kms())] == [[], ["second"], [], ["session"]]


def test_rules_are_an_applications_own() -> None:
    """Two applications with the same rules lead to their own places, and build their own addresses."""
    made = []
    for name in ("one", "other"):
        app = Flask(name)
        app.add_url_rule("/<int:number>/x", f"its-{name}", lambda number: f"{number + 1}")
        made.append(app)
    for name, app in zip(("one", "other"), made, strict=True):
        assert app.test_client().get("/7/x").text == "8"
        assert app.test_client().get("/seven/x").status_code == 404
        with app.test_request_context():
            assert app.url_for(f"its-{name}", number=3, more="a b") == "/3/x?more=a+b"
        assert {rule.map for rule in app.url_map.iter_rules()} == {app.url_map}
