"""The language of a message is the one that the client likes best of those we write."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panzoto.messages.languages import LANGUAGES, language

HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["en", "de", "de-CH", "en-GB", "fr", "*", "x", ""]),
        st.sampled_from(["", ";q=0", ";q=1", ";q=0.5", " ; q=0.001", ";q=2", ";q=", ";a=1"]),
    )
).map(lambda parts: ",".join(tag + weight for tag, weight in parts))


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("de-Latn-DE-1996", "de"),
        ("en", "en"),
        ("fr, de;q=0.3, en;q=0.2", "de"),
        ("en;q=0.8, de;q=0.9", "de"),
        ("en;q=0.8,de;q=0.8", "en"),
        ("de;q=0.8,en;q=0.8", "de"),
        ("de-CH, en", "de"),
        ("en;q=0.5, de;q=0.499", "en"),
        ("de ; q=0.5 , en\t;\tq=0.4", "de"),
        ("de;Q=0.5, en;q=0.4", "de"),
        ("fr", "en"),
        ("*", "en"),
        ("fr, *;q=0.1", "en"),
        ("de, *", "de"),
        ("*, de", "de"),
        ("en;q=0", "en"),
        ("en;q=0, *;q=0.1", "de"),
        ("en;q=0, de;q=0", "en"),
        ("*;q=0", "en"),
        ("*;q=0, de;q=0.1", "de"),
        ("den, dex-de, d, de_AT", "en"),
        ("de;q=1.5, en;q=0.1", "en"),
        ("de;q=-1", "en"),
        ("de;q=\u0660", "en"),
        ("de;q=0.1234, en;q=0.01", "en"),
        (",,, ,de,,", "de"),
        ("\u217ee", "en"),
        ("de\r\nSet-Cookie: x", "en"),
    ],
)
def test_the_header_decides(header: str | None, chosen: str) -> None:
    """Weights first, then the order; a dialect is its language; what is not well-formed counts for nothing."""
    assert language(header) == chosen


@settings(deadline=None)
@given(st.one_of(st.text(), HEADERS))
def test_any_header_has_a_language(header: str) -> None:
    """Whatever a client sends, the answer is a language that we write."""
    assert language(header) in LANGUAGES


@settings(deadline=None)
@given(HEADERS)
def test_a_language_that_is_refused_is_not_chosen(header: str) -> None:
    """A client that takes German at no price gets it from no other part of the header."""
    assert language(f"de;q=0,{header.replace('de', 'fr')}") == "en"


@pytest.mark.parametrize("part", ["de;q=0.9,", "-", "a-", " ;", "de;q=0.", "\t"])
def test_long_headers_take_no_time(part: str) -> None:
    """A header of megabytes is read to its first thousand characters."""
    began = time.perf_counter()
    language(part * 3_000_000)
    assert time.perf_counter() - began < 1
