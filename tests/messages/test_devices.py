"""A user agent is told in a few words of ours."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panzoto.messages.devices import PROGRAMS, SYSTEMS, device

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {WEBKIT} Chrome/126.0 Mobile Safari/537.36", "Chrome, Android"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0 Safari/537.36 Edg/126.0", "Edge, Windows"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Version/17.4 Safari/605.1.15", "Safari, macOS"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) {SAFARI} CriOS/126.0 Safari/604.1", "Chrome, iOS"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox, Linux"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/126.0 Safari/537.36", "Chrome, ChromeOS"),
        ("okhttp/4.12.0", "Android"),
        ("Panzoto/1.2 (Android 14)", "Android"),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32", None),
        ("", None),
        (None, None),
        ("A" * 600 + " Android Chrome/1", None),
    ],
)
def test_what_is_known_is_told(agent: str | None, told: str | None) -> None:
    """Program and system, as far as they are known."""
    assert device(agent) == told


@settings(deadline=None)
@given(st.text())
def test_nothing_else_is_told(agent: str) -> None:
    """Every word of the answer is a word of our list."""
    ours = {name for name, _ in (*PROGRAMS, *SYSTEMS)}
    assert set((device(agent) or "curl").split(", ")) <= ours
