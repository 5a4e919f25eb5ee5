"""A one-use token has a purpose and works in no other, and what is kept of it makes no link."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panzoto.crypto.digests import derived_key
from panzoto.crypto.purposes import Purpose, Purposes
from panzoto.errors import LinkInvalid
from tests.crypto.tokens import OLDER, SECRET

PURPOSES = Purposes(derived_key(SECRET, "one-use/v1"))
ISSUED = PURPOSES.issue(Purpose.PASSWORD_RESET)
ID, SECRET_PART = ISSUED.text.split(".")


@pytest.mark.parametrize("purpose", Purpose)
def test_what_was_issued_opens(purpose: Purpose) -> None:
    """A token opens for its purpose to the id and digest that were kept."""
    issued = PURPOSES.issue(purpose)
    opened = PURPOSES.open(purpose, issued.text)
    assert opened == (issued.token_id, issued.secret_digest)
    PURPOSES.check(opened, issued.secret_digest)


def test_a_token_works_in_no_other_purpose() -> None:
    """For every other purpose, under every other id, and with another service's key, the digest is another."""
    other = PURPOSES.issue(Purpose.PASSWORD_RESET)
    strangers = Purposes(derived_key(OLDER, "one-use/v1"))
    wrong = [
        PURPOSES.open(Purpose.EMAIL_VERIFICATION, ISSUED.text),
        PURPOSES.open(Purpose.MAGIC_LINK, ISSUED.text),
        PURPOSES.open(Purpose.PASSWORD_RESET, f"{other.token_id}.{SECRET_PART}"),
        PURPOSES.open(Purpose.PASSWORD_RESET, other.text),
        strangers.open(Purpose.PASSWORD_RESET, ISSUED.text),
    ]
    for opened in wrong:
        with pytest.raises(LinkInvalid):
            PURPOSES.check(opened, ISSUED.secret_digest)


def test_a_digest_that_is_no_text_of_ours_is_refused() -> None:
    """A kept digest of any kind is compared, and none crashes the comparison."""
    opened = PURPOSES.open(Purpose.PASSWORD_RESET, ISSUED.text)
    for kept in ("", "é", ISSUED.secret_digest[:-1], ISSUED.secret_digest + "A"):
        with pytest.raises(LinkInvalid):
            PURPOSES.check(opened, kept)


def test_what_is_kept_and_shown_holds_no_secret() -> None:
    """Neither the id, nor the digest, nor what is printed by mistake tells the secret."""
    shown = repr(ISSUED)
    assert SECRET_PART not in shown
    assert SECRET_PART not in ISSUED.token_id + ISSUED.secret_digest
    assert ISSUED.text == f"{ISSUED.token_id}.{SECRET_PART}"


def test_ids_and_secrets_are_drawn() -> None:
    """Ids and secrets are of 22 letters and digits (130 bits), never the same twice, and end in no sign."""
    issued = [PURPOSES.issue(Purpose.MAGIC_LINK) for _ in range(200)]
    parts = [each.text.removeprefix("tok_").split(".") for each in issued]
    assert all(len(part) == 22 and part.isascii() and part.isalnum() for pair in parts for part in pair)
    assert len({part for pair in parts for part in pair}) == 400
    assert all(each.token_id.startswith("tok_") for each in issued)


@settings(max_examples=200)
@given(st.data())
def test_any_changed_sign_is_noticed(data: st.DataObject) -> None:
    """A token in which one sign is another has another digest or none; one that is longer or shorter is refused."""
    at = data.draw(st.integers(0, len(ISSUED.text) - 1))
    sign = data.draw(st.characters().filter(lambda each: each != ISSUED.text[at]))
    changed = ISSUED.text[:at] + sign + ISSUED.text[at + 1 :]
    with pytest.raises(LinkInvalid):
        PURPOSES.check(PURPOSES.open(Purpose.PASSWORD_RESET, changed), ISSUED.secret_digest)
    for wrong in (ISSUED.text[:at] + ISSUED.text[at + 1 :], ISSUED.text[:at] + sign + ISSUED.text[at:]):
        with pytest.raises(LinkInvalid):
            PURPOSES.open(Purpose.PASSWORD_RESET, wrong)


TEXTS = {
    "nothing": "",
    "an id alone": ID,
    "a secret alone": SECRET_PART,
    "no secret": f"{ID}.",
    "three parts": f"{ISSUED.text}.{SECRET_PART}",
    "another prefix": ISSUED.text.replace("tok_", "ses_"),
    "small letters": ISSUED.text.replace("tok_", "TOK_"),
    "spaces around": f" {ISSUED.text} ",
    "a line's end": f"{ISSUED.text}\n",
    "a slash": f"{ISSUED.text}/",
    "digits of another script": f"{ID}.{'٣' * 22}",
    "a page of text": ISSUED.text * 10_000,
    "a lone surrogate": ISSUED.text[:-1] + "\ud800",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_of_another_shape_is_refused(text: str) -> None:
    """What is no token is refused before anything is computed or read."""
    with pytest.raises(LinkInvalid):
        PURPOSES.open(Purpose.PASSWORD_RESET, text)


def test_a_short_key_is_refused() -> None:
    """A key that could be guessed stops the start."""
    with pytest.raises(ValueError, match="32 bytes"):
        Purposes(b"short")
