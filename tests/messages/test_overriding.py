"""An operator's own templates take the place of ours, one by one, and a bad one stops the start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from env import ConfigError
from panzoto.messages.catalogue import OURS, Messages
from panzoto.messages.samples import SAMPLES, SOMEBODY

VERIFY = SAMPLES[0]
OWN = """
{% extends layout %}
{% block subject %}Welcome to {{ product }}{% endblock %}
{% block body %}{{ parts.button("In you go", link) }}{% endblock %}
"""


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder, with these files in it."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_one_template_is_replaced(tmp_path: Path, messages: Messages) -> None:
    """The template that is there is used, and every other one is ours."""
    own = Messages(written(tmp_path, {"en/verify_email.jinja": OWN}), product="Voices", support="help@example.com")
    english = own.render(VERIFY, to=SOMEBODY["email"], language="en")
    assert english.subject == "Welcome to Voices"
    assert "In you go:\nhttps://" in english.text
    assert ">In you go</a>" in (english.html or "")
    for kind, language in ((VERIFY, "de"), (SAMPLES[1], "en")):
        assert len({each.render(kind, to="a@b.c", language=language).subject for each in (own, messages)}) == 1


def test_a_layout_is_replaced_for_all(tmp_path: Path) -> None:
    """One file changes how every mail looks, in every language."""
    page = "<!doctype html><title>{{ self.subject() }}</title><body>{% block body %}{% endblock %}<p>Voices Ltd"
    own = Messages(written(tmp_path, {"layout.html": page}))
    for language in ("en", "de"):
        assert (own.render(VERIFY, to="a@b.c", language=language).html or "").endswith("<p>Voices Ltd\n")


def test_words_are_replaced_for_all(tmp_path: Path) -> None:
    """The words that several messages share stand in one file."""
    words = (OURS / "en/words.jinja").read_text(encoding="utf-8").replace("If the button does nothing", "No luck? Then")
    own = Messages(written(tmp_path, {"en/words.jinja": words}))
    assert "No luck? Then" in (own.render(VERIFY, to="a@b.c", language="en").html or "")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "{% extends layout %}{% block subject %}a{% endblock %}{% block body %}{{ lnik }}{% endblock %}",
            "'lnik' is undefined",
        ),
        ("{% extends layout %}{% block subject %}a{% endblock %}{% block body %}", "(line 1)"),
        ("{% extends 'none.html' %}", "none.html"),
        ("Just words", "KeyError: 'subject'"),
        ("{% extends layout %}{% block subject %}{{ minutes + link }}{% endblock %}", "TypeError"),
        ("{% extends layout %}{% block subject %}{{ minutes / 0 }}{% endblock %}", "ZeroDivisionError"),
    ],
)
def test_a_bad_template_stops_the_start(tmp_path: Path, template: str, said: str) -> None:
    """It is found at the start, with the file's name and the reason, and not when somebody waits for a mail."""
    with pytest.raises(ConfigError) as fault:
        Messages(written(tmp_path, {"de/verify_email.jinja": template}))
    assert "MESSAGES_DIR: de/verify_email.jinja cannot be used" in str(fault.value)
    assert said in str(fault.value)


def test_bad_words_stop_the_start(tmp_path: Path) -> None:
    """So is a file of words that cannot be read."""
    with pytest.raises(ConfigError, match="MESSAGES_DIR: a layout or a file of words cannot be used"):
        Messages(written(tmp_path, {"de/words.jinja": "{% macro %}"}))


def test_bytes_that_are_no_text_stop_the_start(tmp_path: Path) -> None:
    """A template is UTF-8."""
    written(tmp_path, {"en/phone_code.jinja": ""})
    (tmp_path / "en/phone_code.jinja").write_bytes(b"\xff\xfe{{ code }}")
    with pytest.raises(ConfigError, match="UnicodeDecodeError"):
        Messages(tmp_path)


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    """A mistyped name is said, not passed over."""
    with pytest.raises(ConfigError, match=r"MESSAGES_DIR points at .*none, which is not a directory"):
        Messages(tmp_path / "none")
