"""What keeps our keys, KMS and Secrets Manager, behind a proxy that answers in their place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from panzoto.aws.clients import Clients
from panzoto.aws.data_keys import KmsDataKeys
from panzoto.aws.key_service import KeyService
from panzoto.aws.oauth_clients import OAuthClients
from panzoto.aws.rings import RingUnusable, SecretRings
from panzoto.crypto import ring as rings
from panzoto.errors import KeysUnavailable
from tests.support import border
from tests.support.configs import configured
from tests.support.rigs import NOWHERE

PAGES = {
    "a page": border.says(200, b"<html>Log in to the network</html>"),
    "a page that forbids": border.says(403, b"<html>Forbidden by policy</html>"),
    "a list": border.says(200, b"[]"),
    "no text": border.says(200, b"\xff\xfe"),
}
EMPTY = border.says(200, b"{}")
ASKED: dict[str, Callable[[Clients, border.Step], object]] = {
    "wrap": lambda clients, step: KeyService(answered(clients.kms(), step), "k").wrap(bytes(32), "ann"),
    "unwrap": lambda clients, step: KeyService(answered(clients.kms(), step), "k").unwrap("AAAA", "ann"),
    "data key": lambda clients, step: KmsDataKeys(answered(clients.kms(), step), "k").new({"userId": "ann"}),
    "its unwrap": lambda clients, step: KmsDataKeys(answered(clients.kms(), step), "k").unwrap(b"w", {}),
    "the current": lambda clients, step: KmsDataKeys(answered(clients.kms(), step), "k").current(),
    "OAuth client": lambda clients, step: OAuthClients(answered(clients.secrets(), step)).read("google"),
}


@pytest.fixture
def clients() -> Clients:
    """Clients of an account that nobody has, at an address where nobody is."""
    return Clients(configured("1" * 12, NOWHERE))


def answered(client: Any, step: border.Step) -> Any:
    """The client, each of whose requests meets that step."""
    border.at(client, then=step)
    return client


@pytest.mark.parametrize("step", [*PAGES.values(), EMPTY], ids=[*PAGES, "an empty answer"])
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
def test_a_proxys_page(clients: Clients, ask: Callable[[Clients, border.Step], object], step: border.Step) -> None:
    """Whatever answers in the place of what keeps our keys, it is an outage with a time, and no fault of ours."""
    with pytest.raises(KeysUnavailable) as fault:
        ask(clients, step)
    assert fault.value.retry_after == 5


@pytest.mark.parametrize("step", PAGES.values(), ids=PAGES.keys())
def test_a_proxys_page_for_the_ring(clients: Clients, step: border.Step) -> None:
    """Of the ring of signing keys it is a sentence for whoever starts the service, and nothing passes for kept."""
    made = rings.generate("EdDSA", datetime(2026, 1, 1, tzinfo=UTC))
    kept = SecretRings(answered(clients.secrets(), step), "ring")
    with pytest.raises(RingUnusable, match="the secret ring cannot be read"):
        kept.read()
    there = border.says(200, orjson.dumps({"SecretString": made.write(), "VersionId": "1"}))
    turning = clients.secrets()
    border.at(turning, there, then=step)
    with pytest.raises(RingUnusable, match="the secret ring cannot be written"):
        SecretRings(turning, "ring").change(lambda ring: ring or made)


def test_a_ring_without_text(clients: Clients) -> None:
    """A secret that holds bytes, or nothing, is no ring."""
    with pytest.raises(RingUnusable, match="there is no text in it"):
        SecretRings(answered(clients.secrets(), EMPTY), "ring").read()
