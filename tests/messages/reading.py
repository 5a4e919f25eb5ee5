"""A mail's HTML as a mail program reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "br"})


@dataclass
class Page:
    """What stands in a page: its elements with their attributes, and its text."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> list[dict[str, str]]:
        """The attributes of each element of a name."""
        return [attributes for element, attributes in self.elements if element == name]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.page.text += data


def read(html: str) -> Page:
    """The page, whose elements must all be closed in their order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    return reader.page
