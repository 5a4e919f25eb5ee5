"""A refresh token has one text for each session and turn, and no other text is read."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panzoto.crypto.digests import derived_key
from panzoto.crypto.refresh import MOST_TURNS, RefreshTokens, Turn
from panzoto.errors import TokenInvalid
from tests.crypto.tokens import OLDER, SECRET

KEY, OLDER_KEY = derived_key(SECRET, "refresh/v1"), derived_key(OLDER, "refresh/v1")
TOKENS = RefreshTokens(KEY)
SIDS = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=64)
COUNTERS = st.integers(0, MOST_TURNS - 1)
GOOD = TOKENS.mint("ses_abc", 10)
MAC = GOOD.rpartition(".")[2]


@given(SIDS, COUNTERS)
def test_what_was_minted_is_read(sid: str, counter: int) -> None:
    """Session and turn come back, in at most 200 signs, and the same turn has the same text again."""
    token = TOKENS.mint(sid, counter)
    assert TOKENS.read(token) == Turn(sid, counter)
    assert RefreshTokens(KEY).mint(sid, counter) == token
    assert len(token) <= 200


@given(SIDS, COUNTERS, SIDS, COUNTERS)
def test_no_two_turns_share_a_text(sid: str, counter: int, other: str, later: int) -> None:
    """Different sessions or turns have different proofs, which cannot be exchanged."""
    if (sid, counter) != (other, later):
        ours, theirs = TOKENS.mint(sid, counter), TOKENS.mint(other, later)
        assert ours != theirs
        with pytest.raises(TokenInvalid):
            TOKENS.read(f"{ours.rpartition('.')[0]}.{theirs.rpartition('.')[2]}")


@settings(max_examples=300)
@given(SIDS, COUNTERS, st.data())
def test_any_changed_sign_is_refused(sid: str, counter: int, data: st.DataObject) -> None:
    """A token in which one sign is another, is missing, or is there twice, is no token."""
    token = TOKENS.mint(sid, counter)
    at = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.characters().filter(lambda each: each != token[at]))
    for wrong in (token[:at] + sign + token[at + 1 :], token[:at] + token[at + 1 :], token[:at] + sign + token[at:]):
        with pytest.raises(TokenInvalid):
            TOKENS.read(wrong)


VARIANTS = {
    "nothing": "",
    "a leading zero": GOOD.replace(".10.", ".010."),
    "a plus": GOOD.replace(".10.", ".+10."),
    "a minus": GOOD.replace(".10.", ".-10."),
    "a space": GOOD.replace(".10.", ". 10."),
    "an underscore": GOOD.replace(".10.", ".1_0."),
    "a fraction": GOOD.replace(".10.", ".10.0."),
    "digits of another script": GOOD.replace(".10.", ".\u0661\u0660."),
    "digits of full width": GOOD.replace(".10.", ".\uff11\uff10."),
    "an exponent": GOOD.replace(".10.", ".1e1."),
    "the next turn": GOOD.replace(".10.", ".11."),
    "too many digits": GOOD.replace(".10.", f".{10**12}."),
    "another session": GOOD.replace("ses_abc", "ses_abd"),
    "no session": GOOD.replace("ses_abc", ""),
    "a session of too many signs": GOOD.replace("ses_abc", "s" * 65),
    "a session with a dot": GOOD.replace("ses_abc", "ses.abc"),
    "another version": GOOD.replace("rt1.", "rt2."),
    "capital letters": GOOD.replace("rt1.", "RT1."),
    "no version": GOOD.removeprefix("rt1."),
    "spaces around": f" {GOOD} ",
    "a line's end": GOOD + "\n",
    "padding": GOOD + "=",
    "more": GOOD + "A",
    "less": GOOD[:-1],
    "no proof": GOOD.removesuffix(MAC),
    "another proof": GOOD.removesuffix(MAC) + "A" * 32,
    "standard base64": GOOD.removesuffix(MAC) + "+/" + MAC[2:],
    "a NUL": GOOD + "\0",
    "a lone surrogate": GOOD.replace("ses_abc", "ses_\ud800"),
    "a page of text": GOOD + "A" * 100_000,
}


@pytest.mark.parametrize("text", VARIANTS.values(), ids=VARIANTS)
def test_other_ways_to_write_it_are_refused(text: str) -> None:
    """There is one text for a turn: no variant of it is read, and none crashes anything."""
    assert TOKENS.read(GOOD) == ("ses_abc", 10)
    with pytest.raises(TokenInvalid):
        TOKENS.read(text)


def test_long_text_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past 200 signs, and for every text of another shape, no MAC is computed."""
    computed: list[Any] = []
    monkeypatch.setattr("panzoto.crypto.refresh._mac", lambda *given: computed.append(given))
    for text in (VARIANTS["a page of text"], VARIANTS["a leading zero"], "x" * 201, ""):
        with pytest.raises(TokenInvalid):
            TOKENS.read(text)
    assert not computed


def test_keys_are_changed_without_signing_anybody_out() -> None:
    """The newest key mints, every key verifies, and a dropped key is dropped."""
    before, after = RefreshTokens(OLDER_KEY), RefreshTokens(KEY, OLDER_KEY)
    old, new = before.mint("ses_abc", 10), after.mint("ses_abc", 10)
    assert old != new == GOOD
    assert after.read(old) == after.read(new) == Turn("ses_abc", 10)
    for tokens, token in ((before, new), (TOKENS, old)):
        with pytest.raises(TokenInvalid):
            tokens.read(token)


@pytest.mark.parametrize(
    ("sid", "counter"),
    [("", 0), ("a.b", 0), ("s" * 65, 0), ("ses abc", 0), ("sés", 0), ("ses\n", 0), ("ses", -1), ("ses", MOST_TURNS)],
)
def test_what_could_not_be_read_is_not_minted(sid: str, counter: int) -> None:
    """A session or turn that the format has no place for is a fault of ours, and is told as one."""
    with pytest.raises(ValueError, match="refresh token"):
        TOKENS.mint(sid, counter)


@pytest.mark.parametrize("keys", [(b"short",), (b"", KEY), (KEY, b"x" * 31)])
def test_short_keys_are_refused(keys: tuple[bytes, ...]) -> None:
    """A key that could be guessed stops the start, an older one too."""
    with pytest.raises(ValueError, match="32 bytes"):
        RefreshTokens(*keys)
