"""Every route as an attacker sees it: methods, addresses, bodies. Read from the map, so that none is missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from panzoto.web.application import Application
from panzoto.web.documents import document
from panzoto.web.guards import guard_of, is_public

AUTOMATIC = frozenset({"HEAD", "OPTIONS"})
# Ids that are the same for everybody: they name no data of anybody's.
NOBODYS = frozenset({"provider", "filename", "name", "token"})


class Route(NamedTuple):
    """One method of one address."""

    method: str
    rule: str
    variables: frozenset[str]
    is_public: bool

    def at(self, ids: Mapping[str, str]) -> str:
        """Its address with these ids; an upload that was begun has another than a recording."""
        address = self.rule
        for name in self.variables:
            known = ids["upload_id"] if name == "file_id" and "/uploads/" in self.rule else ids.get(name, f"no-{name}")
            address = address.replace(f"<path:{name}>", known).replace(f"<{name}>", known)
        return address


def routes(app: Application) -> Iterator[Route]:
    """Every method of every address."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - AUTOMATIC):
            yield Route(method, rule.rule, frozenset(rule.arguments), is_public(guard_of(app, rule.endpoint)))


def bodies(app: Application) -> dict[tuple[str, str], dict[str, Any]]:
    """The schema of each documented body, by method and address."""
    with app.app_context():
        found = document(app)
    schemas = found["components"]["schemas"]
    return {
        (method.upper(), path): schemas[_name(operation["requestBody"])]
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
        if "requestBody" in operation
    }


def _name(body: Mapping[str, Any]) -> str:
    (content,) = body["content"].values()
    return str(content["schema"]["$ref"].rpartition("/")[2])
