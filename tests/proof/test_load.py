"""A short load on real processes holds; and a secret that leaks anywhere is found."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from panzoto.models import one_use_tokens
from panzoto.models.one_use_tokens import OneUseToken
from tests.accounts.conftest import QUICK
from tests.proof import canaries, load
from tests.proof.harness import Place, Size
from tests.proof.play_emails import link_of_somebody_new
from tests.proof.stage import Stage
from tests.proof.standing import Standing, served
from tests.proof.watch import WATCH
from tests.support.needs import needs


def test_a_load(ministack: str) -> None:
    """People, and some who mean ill, before nginx and gunicorn; `make proof` has a longer one."""
    figures = load.prove(Place(ministack), Size.SHORT)
    if figures.missing:
        needs("nginx")
    assert figures.violations == []
    assert figures.counts["of them in the flood"] > 0
    assert figures.counts["secrets looked for"] > 10


@pytest.mark.parametrize("leaks", [False, True])
def test_a_secret_in_an_item(ministack: str, monkeypatch: pytest.MonkeyPatch, leaks: bool) -> None:
    """A link whose secret is kept in clear is found; one that is kept as it should be is not."""
    on = Standing(served(Place(ministack), **QUICK), Stage())
    kept = one_use_tokens.to_item
    texts: list[str] = []

    def with_secret(token: OneUseToken) -> dict[str, Any]:
        return {**kept(token), "note": f"secret: {texts[0]}"}

    texts.append(link_of_somebody_new(on, "first@example.com"))
    if leaks:
        monkeypatch.setattr(one_use_tokens, "to_item", with_secret)
    with WATCH.rest():
        link_of_somebody_new(on, "second@example.com")
    assert bool(canaries.found(texts, canaries.kept(on.deps))) == leaks


def test_a_secret_in_any_form() -> None:
    """As it is, as an address has it, and in base64 wherever it begins there."""
    secret = "a secret/of ours"
    for form in (secret, "a%20secret/of%20ours", "a%20secret%2Fof%20ours", b64encode(secret.encode()).decode()):
        assert canaries.found({secret}, {"a log": f"... {form} ...", "another": "..."}) != []
    assert canaries.found({secret}, {"a log": "a secret/of others"}) == []


def test_a_part_of_base64() -> None:
    """In the middle of something that was encoded, at each of the three places that it can have there."""
    for before in range(3):
        text = b64encode(b"x" * (30 + before) + b"a secret that is long" + b"y" * 9).decode()
        assert canaries.found({"a secret that is long"}, {"a log": text})
