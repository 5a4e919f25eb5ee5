"""Bytes have a text that travels, and names are drawn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from jwt.utils import base64url_decode

from panzoto.crypto.text import new_id, to_base64url


@given(st.binary(max_size=100))
def test_bytes_survive_as_text(data: bytes) -> None:
    """Any bytes can be read again from their text, which any address can carry."""
    text = to_base64url(data)
    assert base64url_decode(text) == data
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_names_are_drawn() -> None:
    """A name has its prefix and 22 letters and digits, and never the same twice."""
    names = {new_id("ses_") for _ in range(1000)}
    assert len(names) == 1000
    assert all(len(name) == 26 and name.startswith("ses_") and name[4:].isalnum() for name in names)
    assert len({sign for name in names for sign in name[4:]}) == 62
