"""The routes of the service itself, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from panzoto.web.answers import OrjsonProvider
from panzoto.web.application import Application

from .conftest import error_of

AppFor = Callable[..., Application]
NOWHERE = "http://127.0.0.1:9"


def test_health_answers_as_the_seed_says(client: FlaskClient) -> None:
    """The seed's health check, to the letter."""
    response = client.get("/api/health")
    assert response.status_code == 200
    assert response.get_json() == {"status": "healthy", "service": "panzoto-backend", "database": "dynamodb"}


def test_the_process_is_alive_without_its_store(app_for: AppFor) -> None:
    """Liveness asks nothing of DynamoDB, so that an outage there restarts no process."""
    client = app_for(aws_endpoint=NOWHERE).test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/health").status_code == 200


def test_readiness_is_503_without_the_store(app_for: AppFor) -> None:
    """A process that cannot reach DynamoDB is not ready, and says when to ask again."""
    response = app_for(aws_endpoint=NOWHERE).test_client().get("/readyz")
    assert response.status_code == 503
    assert error_of(response)["code"] == "unavailable"
    assert int(response.headers["Retry-After"]) > 0


def test_an_outbox_without_its_emulator_is_503(app_for: AppFor) -> None:
    """The outbox of an emulator that is gone says so."""
    response = app_for(outbox_url=NOWHERE).test_client().get("/dev/outbox.json")
    assert (response.status_code, error_of(response)["code"]) == (503, "outbox_unavailable")


def test_requests_carry_an_id(client: FlaskClient) -> None:
    """A client's id is kept when it is harmless, and replaced when it could forge a log line."""
    assert (
        client.get("/api/health", headers={"X-Request-ID": "abcdef-12345_X"}).headers["X-Request-ID"]
        == "abcdef-12345_X"
    )
    for bad in ("short", "a" * 65, "abcdefgh{}", "abcdefgh ijk", "ábcdefgh"):
        answered = client.get("/api/health", headers={"X-Request-ID": bad}).headers["X-Request-ID"]
        assert answered != bad
        assert len(answered) == 24


@pytest.mark.parametrize("path", ["/api/health", "/nowhere", "/try/defect", "/api/docs", "/static/page.css"])
def test_every_answer_is_safe_in_a_browser(client: FlaskClient, path: str) -> None:
    """Every answer, errors too, forbids sniffing, framing and scripts of others."""
    with client.get(path) as response:
        headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == ("strict-origin" if path == "/api/docs" else "no-referrer")
    assert "max-age" in headers["Strict-Transport-Security"]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]


def test_answers_are_not_cached(client: FlaskClient) -> None:
    """What the API answers is for its caller alone."""
    assert client.get("/api/health").headers["Cache-Control"] == "no-store"


def test_only_configured_origins_may_call(app_for: AppFor) -> None:
    """A browser lets a configured origin call, and no other."""
    client = app_for(cors_origins=("https://app.example.com",), cors_credentials=True).test_client()
    asked = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
    preflight = client.options("/try/notes", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert preflight.headers["Access-Control-Allow-Credentials"] == "true"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    for other in ("https://evil.example", "https://app.example.com.evil.example", "null"):
        refused = client.options("/try/notes", headers={**asked, "Origin": other})
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert "Origin" in refused.headers["Vary"]


def test_any_origin_may_call_when_configured(app_for: AppFor) -> None:
    """A wildcard lets any origin call, without its cookies."""
    client = app_for(cors_origins=("*",)).test_client()
    headers = client.get("/nowhere", headers={"Origin": "https://any.example"}).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in headers


def test_without_origins_no_browser_may_call(client: FlaskClient) -> None:
    """Without configuration there are no CORS headers at all."""
    headers = client.get("/api/health", headers={"Origin": "https://any.example"}).headers
    assert not [name for name, _ in headers if name.startswith("Access-Control")]


def test_metrics_are_for_the_machine_itself(app_for: AppFor) -> None:
    """Without a token whoever is on the machine reads the metrics; whoever comes through a proxy does not."""
    client = app_for(trusted_proxies=1).test_client()

    def status(address: str, **headers: str) -> int:
        return client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address}).status_code

    assert [status(each) for each in ("127.0.0.1", "::1", "::ffff:127.0.0.1")] == [200, 200, 200]
    assert [status(each) for each in ("203.0.113.9", "", "unknown", "[2001:db8::1]:443")] == [403] * 4
    for forged in ("127.0.0.1", "203.0.113.9:5555", "unknown"):
        assert status("127.0.0.1", **{"X-Forwarded-For": forged}) == 403


def test_metrics_ask_for_their_token(app_for: AppFor) -> None:
    """With METRICS_TOKEN whoever holds it reads the metrics, from anywhere, and nobody else does."""
    client = app_for(metrics_token="a token for the scraper").test_client()
    away = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer \x7f"}).status_code == 403
    right = {"Authorization": "Bearer a token for the scraper"}
    assert client.get("/metrics", headers=right, environ_base=away).status_code == 200


def sample(client: FlaskClient, name: str, **labels: str) -> float:
    """The value of a metric with those labels."""
    text = client.get("/metrics").get_data(as_text=True)
    families = text_string_to_metric_families(text)
    found = [each for family in families for each in family.samples if each.name == name]
    return sum(each.value for each in found if labels.items() <= each.labels.items())


@pytest.mark.parametrize("deps", ["ministack"], indirect=True)  # moto counts a consistent read as half a unit
def test_requests_and_units_are_counted(deps_app: Application) -> None:
    """Every request is counted by route and status, and what it spent at DynamoDB by flow and table."""
    client = deps_app.test_client()
    counted = {"route": "/readyz", "status": "200"}
    before = sample(client, "panzoto_requests_total", **counted)
    spent = {"flow": "pages.readyz", "table": deps_app.extensions["panzoto"].users.name, "kind": "read"}
    units = sample(client, "panzoto_dynamodb_units_total", **spent)
    assert client.get("/readyz").status_code == 200
    assert sample(client, "panzoto_requests_total", **counted) == before + 1
    assert sample(client, "panzoto_dynamodb_units_total", **spent) == units + 1


def test_what_dynamodb_gives_can_be_answered() -> None:
    """Long numbers, sets and bytes of an item have a form in JSON."""
    provider = OrjsonProvider(Flask("x"))
    given = {"whole": Decimal(10) ** 17, "part": Decimal("1.5"), "set": {"b", "a"}, "bytes": b"x"}
    assert provider.loads(provider.dumps(given)) == {"whole": 10**17, "part": 1.5, "set": ["a", "b"], "bytes": "eA=="}
    with pytest.raises(TypeError):
        provider.dumps(object())
