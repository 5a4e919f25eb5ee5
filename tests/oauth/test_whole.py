"""`make run` beside providers, with the tables' names of the seed: a person in Chromium, an operator, and a thief."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, sync_playwright

from panzoto.flows.oauth._proofs import challenge_of
from tests.local.running import Running, dynamodb
from tests.oauth.certified import SECRET, Certified, certified
from tests.oauth.conftest import DEEP, new_name, new_verifier
from tests.oauth.hostile import Hostile, hostile
from tests.support.needs import needs

TOKENS, LOGS = "axnt-oauth-tokens", "axnt-oauth-tokens-logs"
CANARIES = {name: f"canary-{name}-{secrets.token_urlsafe(24)}" for name in ("access", "refresh", "code", "second")}
VERIFIER = new_verifier()


class Whole(NamedTuple):
    """A whole service, and the two providers that it knows."""

    run: Running
    certified: Certified
    told: Hostile

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        """What the service answers."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"http://localhost:{self.run.port}/api/v1{path}", data, headers, method=method)
        with urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """The service of `make run`, on ports and a folder of its own."""
    data = tmp_path_factory.mktemp("whole") / "data"
    with hostile() as told:
        run = Running(data)
        with certified(f"http://localhost:{run.port}/api/v1/oauth/acme/callback") as provider:
            run._environ |= {
                "DYNAMODB_OAUTH_TABLE": TOKENS,
                "DYNAMODB_OAUTH_LOGS_TABLE": LOGS,
                "OAUTH_PROVIDERS": "acme,canary",
                "OAUTH_ACME_ISSUER": provider.issuer,
                "OAUTH_ACME_CLIENT_ID": "panzoto",
                "OAUTH_ACME_CLIENT_SECRET": SECRET,
                "OAUTH_CANARY_ISSUER": told.issuer,
                "OAUTH_CANARY_CLIENT_ID": "panzoto",
                "OAUTH_APP_REDIRECTS": DEEP,
            }
            run.up()
            try:
                yield Whole(run, provider, told)
            finally:
                run.stop()


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a browser that nobody has used."""
    program = needs("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser.new_page()
        finally:
            browser.close()


def agrees(page: Page, name: str) -> None:
    """Sign in on the provider's page, and say yes on the next."""
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", "any")
    page.click("button[type=submit]")
    page.wait_for_selector("text=offline access")
    page.click("button[type=submit]")


def test_somebody_signs_in_in_chromium(whole: Whole, page: Page) -> None:
    """The provider's own pages are clicked through, and the browser is signed in; no address had a token in it."""
    name = new_name()
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"http://localhost:{whole.run.port}/api/v1/oauth/acme/authorize")
    agrees(page, name)
    page.get_by_role("heading", name="Your recovery key").wait_for()
    assert f"{name}@people.example" in page.content()
    (cookie,) = [each for each in page.context.cookies() if each["name"] == "panzoto_session"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert not [each for each in addresses if "token" in parse_qs(urlsplit(each).query) or "eyJ" in each]


def test_the_app_gets_a_code_from_chromium(whole: Whole, page: Page) -> None:
    """The browser leads into the app with a code, which the app alone exchanges; then it has the provider's token."""
    name, verifier = new_name(), new_verifier()
    led: list[str] = []
    page.on("response", lambda answer: led.append(answer.headers.get("location", "")))
    query = f"redirect_to={DEEP}&code_challenge={challenge_of(verifier)}"
    page.goto(f"http://localhost:{whole.run.port}/api/v1/oauth/acme/authorize?{query}")
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", "any")
    page.click("button[type=submit]")
    page.wait_for_selector("text=offline access")
    with page.expect_response(lambda answer: "/callback" in answer.url):
        page.click("button[type=submit]", no_wait_after=True)
    (deep,) = [each for each in led if each.startswith(DEEP)]
    handoff = parse_qs(urlsplit(deep).query)["handoff"][0]
    _, account = whole.ask("POST", "/oauth/acme/exchange", {"handoff": handoff, "code_verifier": verifier})
    status, live = whole.ask("GET", "/oauth/acme/access-token", token=account["token"])
    assert status == 200
    assert whole.certified.introspect(live["access_token"])
    seen_by_operators(whole, account["user_id"])


def seen_by_operators(whole: Whole, user_id: str) -> None:
    """The seed's commands, as requests: `get-item` of the vault, the steps of a person, the TTL that is not there."""
    client = dynamodb(whole.run.emulator_port)
    key = {"userId": {"S": user_id}, "provider": {"S": "acme"}}
    item = client.get_item(TableName=TOKENS, Key=key)["Item"]
    assert {"email", "encryptedTokens", "userInfo", "createdAt", "updatedAt", "expiresAt", "isActive"} <= set(item)
    assert "M" in item["encryptedTokens"]
    assert "N" in item["expiresAt"]
    assert item["isActive"] == {"BOOL": True}
    steps = client.query(
        TableName=LOGS, KeyConditionExpression="userId = :u", ExpressionAttributeValues={":u": {"S": user_id}}
    )["Items"]
    assert [each["step"]["S"] for each in steps] == ["sealed", "signed_in"]
    assert {"flowId", "data", "ipAddress", "userAgent", "timestamp"} <= set(steps[0])
    ttl = client.describe_time_to_live(TableName=TOKENS)["TimeToLiveDescription"]
    assert ttl.get("AttributeName") != "expiresAt"


def test_an_item_of_the_seed_is_read(whole: Whole) -> None:
    """The item that the seed writes by hand harms nobody."""
    client = dynamodb(whole.run.emulator_port)
    item = {
        "userId": {"S": "test-user-123"},
        "provider": {"S": "google"},
        "email": {"S": "test@example.com"},
        "isActive": {"BOOL": True},
        "createdAt": {"S": "2024-01-01T00:00:00Z"},
    }
    client.put_item(TableName=TOKENS, Item=item)  # type: ignore[arg-type]
    key = {"userId": {"S": "test-user-123"}, "provider": {"S": "google"}}
    assert client.get_item(TableName=TOKENS, Key=key)["Item"] == item


def test_no_token_is_anywhere_in_clear(whole: Whole) -> None:
    """Tokens that can be known again went in; in every table, log line, metric and file there is none of them."""
    told = whole.told
    given = {"access_token": CANARIES["access"], "refresh_token": CANARIES["refresh"], "expires_in": 1}
    told.tokens = given
    shown = {"code": CANARIES["code"], "code_verifier": VERIFIER}
    _, account = whole.ask("POST", "/oauth/canary/exchange", shown)
    told.tokens = given | {"access_token": CANARIES["second"], "expires_in": 3600}
    _, live = whole.ask("GET", "/oauth/canary/access-token", token=account["token"])
    assert live["access_token"] == CANARIES["second"]
    told.tokens = {"error": "invalid_client", "error_description": CANARIES["code"]}
    id_token = told.id_token()
    secret = [*CANARIES.values(), VERIFIER, id_token, id_token.rpartition(".")[2]]
    written = everything(whole)
    assert len(written[TOKENS]) > 1000, "the vault holds the tokens, sealed"
    assert held(written, secret) == []
    assert any(CANARIES["refresh"] in form.values() for _, form in told.asked), "the provider, at least, has seen it"
    status, exported = whole.ask("GET", "/auth/export", token=account["token"])
    assert status == 200
    assert not [each for each in secret if each in json.dumps(exported)]
    status, body = whole.ask("DELETE", "/oauth/canary", {}, account["token"])
    assert (status, body["revoked"]) == (200, True)
    assert held(everything(whole), secret) == []


def held(texts: dict[str, str], secrets: list[str]) -> list[str]:
    """Where one of these is, as it is or in base64, wherever in a longer text it may stand."""
    forms = [form for each in secrets for form in (each, *in_base64(each))]
    return [name for name, text in texts.items() for each in forms if each in text]


def in_base64(text: str) -> list[str]:
    """The three ways in which base64 may hold a text, without the signs that depend on its neighbours."""
    return [b64encode(b"\0" * before + text.encode()).decode()[4:-4] for before in range(3)]


def everything(whole: Whole) -> dict[str, str]:
    """All that the service has written: tables, its lines, its metrics, the emulator's files."""
    client = dynamodb(whole.run.emulator_port)
    texts = {"lines": whole.run.said, "metrics": whole.run.get("/metrics")[1].decode()}
    for table in client.list_tables()["TableNames"]:
        texts[table] = json.dumps(client.scan(TableName=table)["Items"], default=lambda data: data.decode("latin-1"))
    for path in (each for each in Path(whole.run.data).rglob("*") if each.is_file()):
        texts[str(path)] = path.read_text("latin-1")
    return texts
