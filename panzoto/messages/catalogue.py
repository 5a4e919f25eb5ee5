"""Messages from templates: words written once for each language, laid out as text and as HTML."""

from __future__ import annotations

from pathlib import Path

from jinja2 import ChoiceLoader, FileSystemLoader, TemplateError

from env import ConfigError

from .kinds import Kind
from .languages import DEFAULT, LANGUAGES
from .message import Message, checked, one_line
from .press import Press
from .samples import SAMPLES, SOMEBODY

OURS = Path(__file__).parent / "templates"
# What a template of somebody else's can do wrong.
UNUSABLE = (TemplateError, ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)


class Messages:
    """Every message, in every language. A template in `directory` takes the place of ours of the same name.

    With a directory, each message is rendered once at the start: a template that cannot be used stops it.
    """

    def __init__(self, directory: Path | None = None, *, product: str = "Panzoto", support: str | None = None) -> None:
        loader = ChoiceLoader([FileSystemLoader(folder) for folder in (directory, OURS) if folder])
        brand = {"product": one_line(product), "support": one_line(support) if support else None}
        if directory and not directory.is_dir():
            raise ConfigError([f"MESSAGES_DIR points at {directory}, which is not a directory."])
        try:
            self._presses = {language: Press(loader, language, brand) for language in LANGUAGES}
        except UNUSABLE as fault:
            raise _refusal("a layout or a file of words", fault) from fault
        if directory:
            self._try_all()

    def render(self, kind: Kind, *, to: str, language: str) -> Message:
        """The message for one person; in English, if we do not write their language."""
        press = self._presses.get(language, self._presses[DEFAULT])
        return press.message(kind, checked(kind.channel, to))

    def _try_all(self) -> None:
        for language in LANGUAGES:
            for sample in SAMPLES:
                try:
                    self.render(sample, to=SOMEBODY[sample.channel], language=language)
                except UNUSABLE as fault:
                    raise _refusal(f"{language}/{sample.name()}.jinja", fault) from fault


def _refusal(what: str, fault: Exception) -> ConfigError:
    line = getattr(fault, "lineno", None)
    place = f" (line {line})" if line else ""
    return ConfigError([f"MESSAGES_DIR: {what} cannot be used{place}: {type(fault).__name__}: {one_line(str(fault))}."])
