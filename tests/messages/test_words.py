"""Every message says what it should in every language, whatever the values are."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from pathlib import Path

import pytest

from panzoto.messages.catalogue import OURS, Messages
from panzoto.messages.kinds import (
    KINDS,
    EmailChanged,
    Kind,
    MagicLinkSms,
    NewDevice,
    PasswordChanged,
    PhoneCode,
    VerifyEmail,
)
from panzoto.messages.languages import LANGUAGES
from panzoto.messages.message import Message
from panzoto.messages.samples import LINK, SAMPLES, SOMEBODY
from tests.house.source import ROOT

from .reading import read

EVERY = list(product(SAMPLES, LANGUAGES))
MAILS = [(kind, language) for kind, language in EVERY if kind.channel == "email"]
TEXTS = [(kind, language) for kind, language in EVERY if kind.channel == "sms"]
# What an SMS of 160 characters may hold; a character that is not here makes it one of 70.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
ELEMENTS = {"html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td"}
ELEMENTS |= {"h1", "p", "a", "br", "strong", "bdi"}
NAMES = [
    "<b>Bold & \"Sons\"</b><script>alert('1')</script>",
    "Line\r\nBcc: somebody@example.org\r\n\r\nAnd a body",
    "{{ 7 * 7 }} {% raw %}",
    "שלם \u200fשלם 🎙️ \u202eevil",
    "Verylong" * 200,
    "\x00\x07\u2028\ud800 odd",
]


def rendered(messages: Messages, kind: Kind, language: str) -> Message:
    """A message to somebody."""
    return messages.render(kind, to=SOMEBODY[kind.channel], language=language)


def test_the_languages_are_complete() -> None:
    """Each language has its words and a template of each kind, and nothing else; and each kind has a sample."""
    names = {f"{kind.name()}.jinja" for kind in KINDS} | {"words.jinja"}
    assert all({path.name for path in (OURS / language).iterdir()} == names for language in LANGUAGES)
    assert {type(sample) for sample in SAMPLES} == set(KINDS)
    assert {path.name for path in OURS.iterdir() if path.is_dir()} == set(LANGUAGES)


def test_every_kind_is_listed() -> None:
    """A kind that is not listed would be tried by no test."""

    def below(kind: type[Kind]) -> set[type[Kind]]:
        found = kind.__subclasses__()
        return set(found).union(*map(below, found))

    assert {kind for kind in below(Kind) if not kind.__name__.startswith("_")} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_documented(kind: type[Kind]) -> None:
    """The page names each kind with its template, its channel and its values, in their order."""
    page = (ROOT / "docs/messages.md").read_text(encoding="utf-8")
    values = ", ".join(f"`{each.name}`" for each in fields(kind)) or "none"
    assert f"| `{kind.__name__}` | `{kind.name()}` | {kind.channel} | {values}" in page


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_every_message_has_its_parts(messages: Messages, kind: Kind, language: str) -> None:
    """A mail has a subject, text and HTML, an SMS text alone, and nothing of a template is left in them."""
    message = rendered(messages, kind, language)
    mail = kind.channel == "email"
    assert (message.kind, message.channel, message.to) == (kind.name(), kind.channel, SOMEBODY[kind.channel])
    assert (message.subject is not None, message.html is not None) == (mail, mail)
    for part in filter(None, (message.subject, message.text, message.html)):
        assert part.strip()
        assert not re.search(r"\{\{|\{%|\{#|%\}|\}\}|None|Undefined|<Macro|&lt;", part)


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_languages_differ(messages: Messages, kind: Kind) -> None:
    """Nobody reads English under the name of another language."""
    assert len({rendered(messages, kind, language).text for language in LANGUAGES}) == len(LANGUAGES)
    assert len({rendered(messages, kind, language).subject or language for language in LANGUAGES}) == len(LANGUAGES)


def test_a_language_that_we_do_not_write(messages: Messages) -> None:
    """Whoever reads none of ours reads English."""
    assert rendered(messages, SAMPLES[0], "tlh") == rendered(messages, SAMPLES[0], "en")


@pytest.mark.parametrize(("kind", "language"), MAILS)
def test_text_and_html_say_the_same(messages: Messages, kind: Kind, language: str) -> None:
    """Each line of the text stands in the page too, so that nobody misses anything by the program they read with."""
    message = rendered(messages, kind, language)
    page = " ".join(read(message.html or "").text.split())
    for line in message.text.replace("\n", ": ").replace(" ", ": ").split(": "):
        assert line in page or line.strip(":-") in page


@pytest.mark.parametrize(("kind", "language"), MAILS)
def test_a_page_brings_everything_along(messages: Messages, kind: Kind, language: str) -> None:
    """Nothing is fetched when a mail is read: no image, no font, no script; and its only addresses are its link."""
    html = rendered(messages, kind, language).html or ""
    page = read(html)
    assert page.all("html") == [{"lang": language, "dir": "ltr"}]
    assert {name for name, _ in page.elements} <= ELEMENTS
    assert not re.search(r"url\(|@import|\bsrc\b|\bon\w+=", html)
    links = page.all("a")
    assert {link["href"] for link in links} <= {LINK}
    assert all("ses:no-track" in link for link in links)
    assert "prefers-color-scheme: dark" in html


@pytest.mark.parametrize(("kind", "language"), [(k, each) for k, each in EVERY if "link" in k.values()])
def test_links_stand_as_they_are(messages: Messages, kind: Kind, language: str) -> None:
    """In text a link stands alone on its line, in HTML it is escaped, and what it leads to is the same."""
    awkward = "https://app.example.com/m/a.b?x=1&y='2'&amp;z=\"><script>steal()</script>&copy=3"
    message = rendered(messages, replace(kind, link=awkward, minutes=7), language)  # type: ignore[call-arg]
    assert awkward in message.text.splitlines()
    assert "7 " in message.text
    if message.html:
        page = read(message.html)
        assert {link["href"] for link in page.all("a")} == {awkward}
        assert awkward in page.text
        assert not page.all("script")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://a.example/\r\nBcc: b@c.d", "https://a b", "//a", ""])
def test_what_is_no_link_is_not_sent(link: str) -> None:
    """Nothing but one address of the web is a link."""
    with pytest.raises(ValueError, match="not a link"):
        VerifyEmail(link=link, minutes=1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_names_stay_names(kind: Kind, language: str, name: str) -> None:
    """A name of any kind ends no line, opens no element, is no template, and turns no text around."""
    messages = Messages(product=name, support=name)
    message = rendered(messages, kind, language)
    assert len((message.subject or "").splitlines()) <= 1
    for part in filter(None, (message.subject, message.text, message.html)):
        part.encode()
        assert not re.search("[\x00\x07\u2028\u202e\u200f]", part)
        assert "49" not in part
        assert "\nBcc:" not in part
    if message.html:
        assert not read(message.html).all("b")
        assert not read(message.html).all("script")


@pytest.mark.parametrize("kind", [PasswordChanged, NewDevice])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stranger_s_words_do_not_go_out(messages: Messages, kind: type[PasswordChanged], language: str) -> None:
    """Of a user agent and an address only what we know of is shown: a thief writes no line of our mails."""
    agent = "Chrome/1 call https://evil.example/now or +1 900 555 (Android)"
    for address in ("evil.example", "fe80::1%evil.example", "1.2.3.4\r\nBcc: x@evil.example"):
        event = kind(when=datetime(2026, 1, 1, tzinfo=UTC), address=address, user_agent=agent)
        message = rendered(messages, event, language)
        assert "evil" not in message.text + (message.html or "")
        assert "Chrome, Android" in message.text


def test_emails_are_masked(messages: Messages) -> None:
    """The notice to the old address shows neither email in full."""
    when = datetime(2026, 1, 1, tzinfo=UTC)
    for old, new in (("ann@example.com", "thief@evil.example"), ("ann@localhost", "böse@ü.example")):
        event = EmailChanged(when=when, address=None, user_agent=None, old=old, new=new)
        message = rendered(messages, event, "en")
        assert not any(part in message.text + (message.html or "") for part in (old, new, "evil", "localhost"))
        assert f"from {old[0]}***@{old.partition('@')[2][0]}***" in message.text


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "31 December 2025, 23:30 UTC"), ("de", "31. Dezember 2025, 23:30 Uhr")]
)
def test_times_are_told_in_utc(messages: Messages, language: str, shown: str) -> None:
    """A time is told in the reader's language and in a zone that it names."""
    when = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    message = rendered(messages, NewDevice(when=when, address=None, user_agent=None), language)
    assert shown in message.text
    assert "UTC" in message.text


def test_a_naive_time_is_refused() -> None:
    """A time without a zone is no time."""
    with pytest.raises(ValueError, match="aware"):
        NewDevice(when=datetime(2026, 1, 1), address=None, user_agent=None)  # noqa: DTZ001 (that is what is refused)


@pytest.mark.parametrize(("kind", "language"), TEXTS)
def test_an_sms_is_one_sms(messages: Messages, kind: Kind, language: str) -> None:
    """Each costs one: it needs no character that would make it longer, and has no more than 160."""
    message = rendered(messages, kind, language)
    assert set(message.text) <= GSM
    assert len(message.text) <= 160


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phone_finds_the_code(messages: Messages, language: str) -> None:
    """With a domain the last line is the one that phones look for; without one there is a single line."""
    code = PhoneCode(code="004217", minutes=1, domain="app.example.com")
    lines = rendered(messages, code, language).text.splitlines()
    assert lines[-2:] == ["", "@app.example.com #004217"]
    [line] = rendered(messages, PhoneCode(code="004217", minutes=10), language).text.splitlines()
    assert "004217" in line


@pytest.mark.parametrize("wrong", [{"code": "12a456"}, {"code": "١٢٣٤٥٦"}, {"domain": "a.example #999999"}])
def test_what_is_no_code_is_not_sent(wrong: dict[str, str]) -> None:
    """A code has digits, and its domain is one."""
    with pytest.raises(ValueError, match="this is not a"):
        PhoneCode(**{"code": "123456", "minutes": 10, **wrong})  # type: ignore[arg-type]


def test_nothing_secret_is_shown_by_accident(messages: Messages) -> None:
    """What lands in a log or a traceback tells neither words nor addresses nor codes."""
    kinds = [*SAMPLES, MagicLinkSms(link=LINK, minutes=1)]
    shown = repr(kinds) + repr([rendered(messages, kind, "en") for kind in kinds])
    assert not re.search(r"https?:|123456|ann@|\+1415|example\.com", shown)


def test_no_template_has_a_word_in_code() -> None:
    """The words are in the templates: the code beside them has no sentence that a user reads."""
    code = (path.read_text(encoding="utf-8") for path in Path(OURS).parent.glob("*.py"))
    assert not [text for text in code if re.search(r"[Pp]assword was|Ihr |Sie |Dear ", text)]
