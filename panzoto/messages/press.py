"""One language's templates, set as text and as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import SimpleNamespace

from jinja2 import BaseLoader, Environment, StrictUndefined, Template

from .kinds import Kind
from .message import Message, one_line

LONGEST_SUBJECT = 150


class Press:
    """Prints messages in one language. A template is read once; a value that it lacks is an error, never a gap."""

    def __init__(self, loader: BaseLoader, language: str, brand: Mapping[str, str | None]) -> None:
        self._language = language
        self._text = _environment(loader, language, "txt", brand)
        self._html = _environment(loader, language, "html", brand)

    def message(self, kind: Kind, to: str) -> Message:
        """The message that a kind and its values make."""
        values = dict(kind.values())
        template = self._template(self._text, kind)
        text = _spaced(template.render(values))
        if kind.channel == "sms":
            return Message(kind=kind.name(), channel="sms", to=to, text=text)
        html = self._template(self._html, kind).render(values)
        subject = "".join(template.blocks["subject"](template.new_context(values)))
        return Message(
            kind=kind.name(),
            channel="email",
            to=to,
            subject=one_line(subject, LONGEST_SUBJECT),
            text=f"{text}\n",
            html=f"{html}\n",
        )

    def _template(self, environment: Environment, kind: Kind) -> Template:
        return environment.get_template(f"{self._language}/{kind.name()}.jinja")


def _environment(loader: BaseLoader, language: str, form: str, brand: Mapping[str, str | None]) -> Environment:
    """What every template of a language may use: the parts of its form, the words of its language, and the brand."""
    environment = Environment(
        loader=loader,
        autoescape=form == "html",  # noqa: S701 (the text of a mail and an SMS are no HTML)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["one_line"] = one_line
    words, parts = SimpleNamespace(), SimpleNamespace()  # filled below: each speaks of the other
    environment.globals |= {**brand, "language": language, "layout": f"layout.{form}", "words": words, "parts": parts}
    for space, name in ((words, f"{language}/words.jinja"), (parts, f"parts.{form}")):
        vars(space).update(vars(environment.get_template(name).module))
    return environment


def _spaced(text: str) -> str:
    """Text without space at the ends of lines, and never two empty lines on end."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip()
