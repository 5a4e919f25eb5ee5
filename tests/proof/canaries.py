"""Secrets that people were given or have made up, looked for everywhere that they must not be.

What is looked for is the part of a secret that makes it one: of a token with points in it the last, since the id
before it is in tables by right. A text is looked at with every fourth sign, and a secret is known by the signs that
begin at its first four: one of them is met, so that thousands of secrets in millions of signs take seconds.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from panzoto.deps import Deps
from panzoto.models.spec import TABLES
from tests.support.tables import name_of

WINDOW, STEP = 12, 4
# Shorter ones are found by no window, and may be there by chance.
SHORTEST = WINDOW + STEP - 1
TOKEN = re.compile(r"[\w.-]+")


def core(secret: str) -> str:
    """What makes it a secret: the last part of a token, or all of it."""
    return secret.rpartition(".")[2] if TOKEN.fullmatch(secret) else secret


def forms(secret: str) -> set[str]:
    """As it is, without its dashes, as addresses and JSON have it, and in base64 wherever it stands in a text."""
    found = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    found |= {secret.replace("-", ""), secret.replace("-", "").lower(), secret.replace("-", "").replace(" ", "")}
    plain = secret.encode()
    for before in range(3):
        encoded = [coded(bytes(before) + plain) for coded in (b64encode, urlsafe_b64encode)]
        first, last = -(-before * 8 // 6), (len(plain) + before) * 8 // 6
        found |= {each[first:last].decode() for each in encoded}
    return {each for each in found if len(each) >= SHORTEST}


class Canaries:
    """Secrets by their windows."""

    def __init__(self, secrets: Mapping[str, str] | Collection[str]) -> None:
        names = secrets if isinstance(secrets, Mapping) else dict.fromkeys(secrets, "a secret")
        self._at: dict[str, list[tuple[str, str]]] = {}
        for secret, name in names.items():
            for form in forms(core(secret)):
                for place in range(STEP):
                    self._at.setdefault(form[place : place + WINDOW], []).append((form, name))

    def within(self, text: str) -> Iterator[str]:
        """What is in a text, by name; the secret itself is not told on."""
        known = self._at
        seen = set()
        for place in range(0, len(text) - WINDOW + 1, STEP):
            window = text[place : place + WINDOW]
            if window in known:
                seen |= {(form, name) for form, name in known[window] if form in text}
        yield from sorted({f"{name} of {len(form)} signs" for form, name in seen})


def found(secrets: Mapping[str, str] | Collection[str], places: Mapping[str, str]) -> list[str]:
    """Where one of them is, in any form."""
    canaries = Canaries(secrets)
    return [f"{each} is in {place}" for place, text in places.items() for each in canaries.within(text)]


def kept(deps: Deps) -> dict[str, str]:
    """All that the tables and the bucket hold; of an object its key."""
    places = {}
    client: Any = deps.clients.dynamodb()
    for spec in TABLES:
        pages = client.get_paginator("scan").paginate(TableName=name_of(deps.config, spec), ConsistentRead=True)
        places[f"the table {spec.label}"] = "\n".join(str(item) for page in pages for item in page["Items"])
    places["the keys of objects"] = "\n".join(each.key for each in deps.bucket.under(""))
    return places
