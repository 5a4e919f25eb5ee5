"""A certified OpenID provider, npm's `oidc-provider`, on the loopback; and a person who signs in there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener, urlopen

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt.algorithms import RSAAlgorithm

from tests.support.ministack import free_port
from tests.support.needs import needs

FOLDER = Path(__file__).parent / "provider"
SECRET = "a-secret+of/the client, that must be escaped"
NATIVE = "panzoto.app:/native"


@dataclass
class Certified:
    """The provider, where it is, and what it was asked."""

    issuer: str
    process: subprocess.Popen[str]

    def counts(self) -> dict[str, int]:
        """How often each of its addresses was asked, and how many grants were revoked."""
        with urlopen(f"{self.issuer}/counts", timeout=20) as answer:
            found: dict[str, int] = json.load(answer)
        return found

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What it says of itself."""
        with urlopen(f"{self.issuer}/.well-known/openid-configuration", timeout=20) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def introspect(self, token: str) -> bool:
        """Whether it says that a token of its own works."""
        body = urlencode({"token": token, "client_id": "panzoto", "client_secret": SECRET}).encode()
        with urlopen(Request(f"{self.issuer}/token/introspection", body), timeout=20) as answer:
            return bool(json.load(answer)["active"])


def installed() -> str:
    """The path of node, once the provider's packages are there; of several processes, one installs them."""
    node, npm = needs("node"), needs("npm")
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = FOLDER / "node_modules" / ".panzoto"
    with (FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            stamp.write_text(wanted)
    return node


@contextmanager
def certified(*redirect_uris: str, seconds: int = 3600) -> Iterator[Certified]:
    """A provider that answers, until the block ends. It ends, too, when this process is killed."""
    node, port = installed(), free_port()
    key = RSAAlgorithm.to_jwk(generate_private_key(65537, 2048), as_dict=True)
    options = {
        "port": port,
        "redirect_uris": redirect_uris,
        "seconds": seconds,
        "jwk": key | {"kid": "first", "alg": "RS256", "use": "sig"},
    }
    process = subprocess.Popen(
        [node, "server.mjs", json.dumps(options)],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        line = process.stdout.readline()
        assert line == "ready\n", line
        yield Certified(f"http://127.0.0.1:{port}", process)
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: the person does, step by step."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Person:
    """Somebody in a browser of their own, who signs in at the provider and says yes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()), _Stay)

    def agrees(self, address: str) -> str:
        """Go to the provider, sign in, agree; the address that the provider leads back to."""
        issuer = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        return self._walk(address, issuer, {"login": self.name, "password": "any"})

    def refuses(self, address: str) -> str:
        """Go to the provider and turn back at once."""
        issuer = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        page, where = self._go(address, issuer)
        found = re.search(r'href="([^"]*/abort)"', page)
        assert found, page
        _, where = self._go(urljoin(where, found[1]), issuer)
        return where

    def _walk(self, address: str, issuer: str, login: dict[str, str]) -> str:
        page, where = self._go(address, issuer)
        for _ in range(4):
            if not where.startswith(issuer):
                return where
            form = re.search(r'action="([^"]+)"', page)
            assert form, page
            prompt = re.search(r'name="prompt" value="(\w+)"', page)
            fields = {"prompt": prompt[1] if prompt else "consent", **login}
            page, where = self._go(urljoin(where, form[1]), issuer, fields)
        raise AssertionError(f"no way out of {where}")

    def _go(self, address: str, issuer: str, fields: dict[str, str] | None = None) -> tuple[str, str]:
        """Follow redirects as long as they stay at the provider."""
        data = urlencode(fields).encode() if fields else None
        while address.startswith(issuer):
            try:
                with self._opener.open(Request(address, data), timeout=20) as answer:
                    return answer.read().decode(), address
            except HTTPError as answered:
                redirect = answered
            with redirect:
                assert redirect.code in {302, 303}, redirect.read()
                address, data = urljoin(address, redirect.headers["Location"]), None
        return "", address
