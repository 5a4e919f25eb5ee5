"""Requests that would cost us more than they cost their sender (ASVS 1.3.12, 2.4.1, 15.1.3), and unsafe readers."""

from __future__ import annotations

import ast
import gzip
import importlib
import itertools
import pkgutil
import re
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from flask.testing import FlaskClient

import panzoto
from tests.house.source import files, imports, name, tree
from tests.support.people import Somebody

AUTH = "/api/v1/auth"
LONG = 4000
# A text of n signs may take this many times what one of n/4 takes: four if the work is linear, sixteen if it is not.
MOST_TIMES, SECONDS = 9.0, 0.004
PUMPS = [
    *("a", "1", "-", ".", " ", "\t", "@", "%", "\\", "/", "a@", "a.", "1-", "a-", " ,", "a=", "=;", "; a=a", '"', "+1"),
    *(
        "eyJ",
        "bearer ",
        "tok_",
        "rt1.",
        "password=",
        "q=0.",
        "en;q=0.1,",
        "a,",
        "1h",
        "bytes=",
        "Aa0-",
        "\u00a0",
        "users/",
    ),
]
# What reads nothing but the configuration, which its operator writes.
OPERATORS = {"panzoto.messages.mime.MAILBOX"}
# Readers that make objects of what they read.
UNSAFE = {"pickle", "cPickle", "marshal", "shelve", "dill", "jsonpickle", "yaml", "xml", "lxml", "xmlrpc"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "render_template_string", "Markup"}


def modules() -> Iterator[ModuleType]:
    """Every module of the service."""
    for found in pkgutil.walk_packages(panzoto.__path__, "panzoto."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def patterns() -> dict[str, re.Pattern[str]]:
    """Every compiled expression of the service, by its place."""
    found = {}
    for module in modules():
        for named, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                found[f"{module.__name__}.{named}"] = value
    return {place: each for place, each in found.items() if place not in OPERATORS}


def reads(place: str, pattern: re.Pattern[str]) -> Callable[[str], object]:
    """What the service does with an expression: looks for it anywhere, or compares the whole of a text."""
    module, _, named = place.rpartition(".")
    source = Path(importlib.import_module(module).__file__ or "").read_text(encoding="utf-8")
    anywhere = re.search(rf"\b{named}\.(search|sub|findall|finditer|split)\(", source)
    return (lambda text: pattern.sub("", text)) if anywhere else pattern.fullmatch


def seconds(read: Callable[[str], object], text: str) -> float:
    """The processor's time for one text."""
    began = time.thread_time()
    read(text)
    return time.thread_time() - began


def slow(read: Callable[[str], object]) -> list[str]:
    """The texts that almost fit, and whose time grows faster than they do: measured again before it is believed."""
    found = []
    for pump, end in itertools.product(PUMPS, ("", "\n")):
        whole, quarter = (pump * (LONG // len(pump) // part) + end for part in (1, 4))
        if min(seconds(read, whole) for _ in range(3)) > SECONDS:
            times = min(seconds(read, whole) for _ in range(3)) / min(seconds(read, quarter) for _ in range(3))
            if times > MOST_TIMES:
                found.append(f"{pump!r}, {end!r}: {times:.0f} times")
    return found


def test_no_expression_takes_its_time() -> None:
    """No regular expression of ours takes more than linear time for a long text that almost fits (ASVS 1.3.12)."""
    found = patterns()
    assert len(found) > 20
    assert not {place: texts for place, each in found.items() if (texts := slow(reads(place, each)))}


def test_an_expression_that_takes_its_time_is_seen() -> None:
    """The measure above sees an expression that tries every way to divide a text."""
    assert slow(re.compile("a*a*b").fullmatch)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x-gzip", "gzip, gzip"])
def test_a_body_is_not_unpacked(http: FlaskClient, encoding: str) -> None:
    """A packed body is not a body: nothing of 64 KiB becomes anything of 64 MiB (ASVS 5.2.3)."""
    bomb = zlib.compress(b"0" * 2**24) if encoding == "deflate" else gzip.compress(b"0" * 2**24)
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    answer = http.post(f"{AUTH}/login", data=bomb, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "malformed_json")


BODIES = {
    "nested lists": b'{"email":' + b"[" * 20000 + b"]" * 20000 + b"}",
    "nested objects": b'{"a":' * 9000 + b"1" + b"}" * 9000,
    "a long number": b'{"email":' + b"9" * 60000 + b"}",
    "a large exponent": b'{"email":1e400,"password":1E-999999999}',
    "the same name": b"{" + b'"email":"x",' * 5000 + b'"email":"x"}',
    "many names": b"{" + b",".join(b'"a%d":1' % n for n in range(6000)) + b"}",
    "a lone surrogate": b'{"email":"\\ud800","password":"x"}',
    "text that grows": b'{"email":"x","password":"' + "\ufdfa".encode() * 340 + b'"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_a_strange_body_is_refused_at_once(http: FlaskClient, body: bytes) -> None:
    """A body that is small and would be much is a 4xx within moments (ASVS 15.1.3, 16.5.3)."""
    assert len(body) < 2**16
    began = time.thread_time()
    answer = http.post(f"{AUTH}/login", data=body, content_type="application/json")
    assert 400 <= answer.status_code < 500
    assert time.thread_time() - began < 1.0


def test_a_long_password_costs_what_a_short_one_does(http: FlaskClient, ann: Somebody) -> None:
    """Past the limit a password is refused before it is hashed (ASVS 6.2.9 and its other side)."""
    long = http.post(f"{AUTH}/login", json={"email": ann.ids["email"], "password": "x" * 1025})
    assert long.status_code == 400


def unsafe(path: Path) -> list[str]:
    """What in a file makes objects of what it reads, runs it, or trusts whoever answers."""
    nodes = list(ast.walk(tree(path)))
    found = [each for each in imports(path) if each.split(".")[0] in UNSAFE]
    for call in [node for node in nodes if isinstance(node, ast.Call)]:
        given = {each.arg: ast.unparse(each.value) for each in call.keywords}
        bad = given.get("shell", "False") != "False" or given.get("verify") == "False"
        if bad or ast.unparse(call.func) in UNSAFE_CALLS:
            found.append(ast.unparse(call))
    return found


def test_nothing_makes_objects_of_what_it_reads() -> None:
    """No reader of ours runs, or makes objects of, what it reads; no shell is started (ASVS 1.3.2, 1.5.2, 1.2.5)."""
    ours = [path for path in files("*.py") if not name(path).startswith(("tests/", "benchmarks/"))]
    assert len(ours) > 200
    assert not {name(path): found for path in ours if (found := unsafe(path))}
