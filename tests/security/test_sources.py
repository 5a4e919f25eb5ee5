"""What the source may use of cryptography and of chance: read from the source, so that nothing new slips in."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from flask.testing import FlaskClient

from tests.house.source import files, imports, name, tree

OURS = [path for path in files("*.py") if not name(path).startswith(("tests/", "benchmarks/"))]
# Modes, padding and hashes that ASVS 11.3 and 11.4 do not approve, by any name that a library gives them.
WEAK = {"ecb", "cbc", "ctr", "cfb", "ofb", "des", "tripledes", "rc4", "blowfish", "md4", "md5", "sha1", "pkcs1v15"}
# The protocol of a list of breached passwords, which protects nothing by it.
PROTOCOLS = {"panzoto/crypto/breaches.py": {"sha1"}}
# They spread pauses and work, and guard nothing.
CHANCE = {"panzoto/models/store/gateway.py", "panzoto/flows/_working.py", "panzoto/web/parking.py"}


def weak(path: Path) -> set[str]:
    """The names in a file that are those of something weak."""
    nodes = list(ast.walk(tree(path)))
    named = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    named |= {node.id for node in nodes if isinstance(node, ast.Name)}
    named |= {each.rpartition(".")[2] for each in imports(path)}
    return {each for each in named if each.lower() in WEAK}


def test_only_approved_cryptography() -> None:
    """No mode, padding or hash that is not approved is used anywhere (ASVS 11.3.1, 11.3.2, 11.4.1)."""
    assert {name(path): found for path in OURS if (found := weak(path))} == PROTOCOLS


def test_nothing_is_drawn_by_a_guessable_generator() -> None:
    """Whatever is drawn is drawn by the kernel (ASVS 11.5.1)."""
    drawing = {name(path) for path in OURS if {each.split(".")[0] for each in imports(path)} & {"random", "numpy"}}
    assert drawing <= CHANCE


def test_the_field_of_a_password_hides_it(http: FlaskClient) -> None:
    """A password is typed into a field of its own kind, where it may be pasted: no script minds (ASVS 6.2.6, 6.2.7)."""
    page = http.get(f"/reset/tok_{'a' * 22}.{'b' * 22}").get_data(as_text=True)
    (field,) = re.findall(r'<input[^>]*name="new_password"[^>]*>', page)
    assert 'type="password"' in field
    assert 'autocomplete="new-password"' in field
    scripts = re.findall(r"<script[^>]*>", page)
    assert scripts == ['<script src="/static/once.js" defer>']
    with http.get("/static/once.js") as script:
        assert set(re.findall(r'addEventListener\("(\w+)"', script.get_data(as_text=True))) == {"submit", "pageshow"}
