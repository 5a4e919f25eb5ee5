"""The documents lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

from tests.house.source import ROOT, each, files, name

LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)(?:#[^)]*)?\)")


@each(files("*.md"))
def test_links_lead_somewhere(path: Path) -> None:
    """Every link of a document to a file of the project finds it."""
    links = [each for each in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in each]
    assert not [each for each in links if not (path.parent / each).exists()]


def test_every_document_is_found_from_the_readme() -> None:
    """A newcomer who starts at the README gets to every page of docs/."""
    linked = LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    pages = [name(path) for path in files("docs/*.md") if "decisions" not in name(path)]
    assert not [page for page in pages if page not in linked]
