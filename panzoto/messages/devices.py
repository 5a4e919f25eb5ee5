"""A user agent in words of ours. It is a stranger's text: a mail that repeated it would carry a stranger's link."""

from __future__ import annotations

import re

LONGEST = 512
SYSTEMS = (
    ("Android", r"\bAndroid\b|\bokhttp/"),
    ("iPadOS", r"\biPad\b"),
    ("iOS", r"\biPhone\b|\biPod\b|\bCFNetwork/"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b|\bmacOS\b"),
    ("Linux", r"\bLinux\b|\bX11\b"),
)
# The more particular first: most of them say that they are Chrome, and Chrome says that it is Safari.
PROGRAMS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/|\bOpera\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\bFirefox/|\bFxiOS/"),
    ("Chrome", r"\bChrome/|\bCriOS/|\bChromium/"),
    ("Safari", r"\bVersion/[\d.]+ .*\bSafari/"),
    ("curl", r"\bcurl/"),
)


def device(user_agent: str | None) -> str | None:
    """What is known of a device, such as `Chrome, Android`; None if nothing is."""
    said = (user_agent or "")[:LONGEST]
    found = [_first(PROGRAMS, said), _first(SYSTEMS, said)]
    return ", ".join(name for name in found if name) or None


def _first(names: tuple[tuple[str, str], ...], said: str) -> str | None:
    return next((name for name, pattern in names if re.search(pattern, said)), None)
