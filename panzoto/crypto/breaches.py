"""Passwords that have appeared in data breaches, looked up by k-anonymity: only five hex digits of a hash go out.

It fails open: a lookup that does not work is reported, and the password passes. Nobody is kept out of an account
because somebody else's service is down.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import structlog
import urllib3

PREFIX = 5
LARGEST, CHUNK = 512 * 1024, 16 * 1024
OK = 200
ADDRESS = "https://api.pwnedpasswords.com"

log = structlog.get_logger()


class RangeUnavailable(Exception):
    """The service answered, and not with a range."""


def _log(fault: Exception) -> None:
    # what others say of a fault names the address, and with it a part of the password's hash
    said = str(fault) if isinstance(fault, RangeUnavailable) else type(fault).__name__
    log.warning("breach_lookup_failed", fault=said)


class Breaches:
    """The set of breached passwords, as a service of ranges tells it.

    `fetch` is given the first five hex digits of the password's SHA-1 and answers with the lines `<other 35>:<count>`.
    """

    def __init__(self, fetch: Callable[[str], str], report: Callable[[Exception], None] = _log) -> None:
        self._fetch, self._report = fetch, report

    def hold(self, password: str) -> bool:
        """Whether the password is known to have been breached; False, after a report, when nobody can say."""
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            return _count(self._fetch(digest[:PREFIX]), digest[PREFIX:]) > 0
        except Exception as fault:  # noqa: BLE001 (whatever it was, it is no reason to refuse a password)
            self._report(fault)
            return False


class HttpRanges:
    """Fetches ranges over HTTPS, padded so that their length tells nothing, within a bound of time and of size."""

    def __init__(self, address: str = ADDRESS, seconds: float = 1.5, pool: urllib3.PoolManager | None = None) -> None:
        if not address.startswith("https://"):
            raise ValueError("ranges of breached passwords are read over https alone")
        self._address, self._seconds = address.rstrip("/"), seconds
        self._pool = pool or urllib3.PoolManager(retries=False, maxsize=4)

    def __call__(self, prefix: str) -> str:
        """The lines of one range; `RangeUnavailable`, or a fault of urllib3, when they cannot be had in time."""
        ends = time.monotonic() + self._seconds
        answer = self._pool.request(
            "GET",
            f"{self._address}/range/{prefix}",
            headers={"Add-Padding": "true", "User-Agent": "panzoto", "Accept-Encoding": "identity"},
            timeout=urllib3.Timeout(total=self._seconds),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            return _text(answer, ends)
        except BaseException:
            answer.close()  # what was not read to its end can carry no other answer
            raise
        finally:
            answer.release_conn()


def _text(answer: urllib3.BaseHTTPResponse, ends: float) -> str:
    if answer.status != OK:
        raise RangeUnavailable(f"the answer is {answer.status}")
    text = b""
    while chunk := answer.read1(CHUNK):
        text += chunk
        if len(text) > LARGEST or time.monotonic() > ends:
            raise RangeUnavailable("the answer is too long, or takes too long")
    return text.decode("ascii")


def _count(lines: str, suffix: str) -> int:
    """How often the range says that the password was seen; padding says 0."""
    for line in lines.splitlines():
        found, _, count = line.partition(":")
        if found.strip().upper() == suffix:
            return int(count)
    return 0
