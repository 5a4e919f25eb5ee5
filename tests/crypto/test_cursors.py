"""Page cursors: ours open in their list, and everything else is refused."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panzoto.crypto.cursors import LONGEST, Cursors
from panzoto.errors import InvalidCursor

CURSORS = Cursors(bytes(range(32)))
SCOPE, POSITION = b"a list", b'{"userId":{"S":"u"}}'


@given(st.binary(max_size=40), st.binary(max_size=400))
def test_what_was_sealed_is_opened(scope: bytes, position: bytes) -> None:
    """Any position comes back, in the list that it was sealed for."""
    assert CURSORS.open(scope, CURSORS.seal(scope, position)) == position


@given(st.data())
def test_a_changed_cursor_is_refused(data: st.DataObject) -> None:
    """Not one bit of it may be another."""
    sealed = bytearray(_bytes(CURSORS.seal(SCOPE, POSITION)))
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[place // 8] ^= 1 << place % 8
    with pytest.raises(InvalidCursor):
        CURSORS.open(SCOPE, urlsafe_b64encode(sealed).decode())


@given(st.integers(0, 60))
def test_a_shortened_cursor_is_refused(length: int) -> None:
    """The beginning of a cursor is none, down to nothing at all."""
    cursor = CURSORS.seal(SCOPE, POSITION)
    with pytest.raises(InvalidCursor):
        CURSORS.open(SCOPE, cursor[: min(length, len(cursor) - 1)])


@given(st.text(st.characters(), max_size=80))
def test_garbage_is_refused(text: str) -> None:
    """Whatever text somebody sends, lone surrogates and other scripts too."""
    with pytest.raises(InvalidCursor):
        CURSORS.open(SCOPE, text)


def test_a_cursor_of_another_list_or_another_service_is_refused() -> None:
    """The scope and the key are part of the seal."""
    cursor = CURSORS.seal(SCOPE, POSITION)
    with pytest.raises(InvalidCursor):
        CURSORS.open(b"another list", cursor)
    with pytest.raises(InvalidCursor):
        Cursors(bytes(32)).open(SCOPE, cursor)


def test_a_cursor_longer_than_any_of_ours_is_refused_unread() -> None:
    """A whole, rightly sealed cursor is refused for its length alone."""
    fitting = LONGEST * 3 // 4 - 28
    assert CURSORS.open(SCOPE, CURSORS.seal(SCOPE, bytes(fitting))) == bytes(fitting)
    with pytest.raises(InvalidCursor):
        CURSORS.open(SCOPE, CURSORS.seal(SCOPE, bytes(fitting + 1)))


def test_a_cursor_says_nothing_and_fits_into_an_address() -> None:
    """It is another each time, shows nothing of the position, and has no sign that an address would escape."""
    cursors = {CURSORS.seal(SCOPE, POSITION) for _ in range(50)}
    assert len(cursors) == 50
    for cursor in cursors:
        assert b"userId" not in _bytes(cursor)
        assert cursor.replace("-", "").replace("_", "").isalnum()


def _bytes(cursor: str) -> bytes:
    return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
