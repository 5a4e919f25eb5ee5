"""The formats that a variable may have: what is read from them, and the one sentence that refuses the rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import env
import formats
import providers
from tests.house.source import ROOT

SECOND = timedelta(seconds=1)
DURATIONS = [
    ("15m", timedelta(minutes=15)),
    ("168h", timedelta(hours=168)),
    ("10m", timedelta(minutes=10)),
    ("500ms", timedelta(milliseconds=500)),
    ("1h30m", timedelta(minutes=90)),
    ("90d", timedelta(days=90)),
    ("5s", timedelta(seconds=5)),
]
PARSERS: dict[str, Callable[[str], Any]] = {
    "text": formats.text,
    "duration": formats.duration,
    "whole": formats.whole(1, 10),
    "flag": formats.flag,
    "one_of": formats.one_of("this", "that"),
    "origins": formats.listed(formats.origin),
    "table_name": formats.table_name,
    "bucket_name": formats.bucket_name,
    "region": formats.region,
    "kms_key": formats.kms_key,
    "url": formats.url,
    "host": formats.host,
    "domains": formats.listed(formats.domain),
    "countries": formats.listed(formats.country),
    "scheme": formats.scheme,
    "package": formats.package,
    "fingerprints": formats.listed(formats.fingerprint),
    "kms_name": formats.kms_name,
    "moment": formats.moment,
    "mailbox": formats.mailbox,
    "providers": providers.named,
}
ANYTHING = st.text(st.characters(), max_size=80) | st.from_regex(r"(https?://)?[\w.:\[\]-]{0,20}/?", fullmatch=True)


@pytest.mark.parametrize(("text", "length"), DURATIONS)
def test_reads_the_durations_of_the_seeds(text: str, length: timedelta) -> None:
    """A duration is written as Go writes it, with days besides."""
    assert formats.duration(text) == length


@given(st.timedeltas(timedelta(milliseconds=1), formats.LONGEST))
def test_a_duration_comes_back_as_it_was_written(length: timedelta) -> None:
    """Whatever is written in these units is read as that length."""
    whole = length // timedelta(milliseconds=1)
    written = f"{whole // 86_400_000}d{whole % 86_400_000 // 1000}s{whole % 1000}ms"
    assert formats.duration(written) == timedelta(milliseconds=whole)


@pytest.mark.parametrize(
    "text", ["15", "m", "-5m", "0s", "1.5h", "1h 30m", "15M", "5m!", "٣m", "4000d", "999999999d999999999d", "1y"]
)
def test_refuses_what_is_no_duration(text: str) -> None:
    """A length without a unit, of nothing, below nothing or beyond ten years is no duration."""
    with pytest.raises(ValueError, match="a duration"):
        formats.duration(text)


@given(ANYTHING)
@example("999999999d" * 7)
@example("http://[:::]")
@example("\udcff")
@pytest.mark.parametrize("parser", PARSERS)
def test_garbage_is_read_or_refused_and_nothing_else(parser: str, text: str) -> None:
    """No value of a variable, however odd, ends in any error but the one that becomes a sentence."""
    try:
        PARSERS[parser](text)
    except ValueError as fault:
        refused = fault
    else:
        return
    assert type(refused) is ValueError
    assert str(refused)


@pytest.mark.parametrize("text", ["1", "true", "Yes", "ON"])
def test_reads_what_switches_on(text: str) -> None:
    """A switch is on by any usual word."""
    assert formats.flag(text) is True


@pytest.mark.parametrize("text", ["0", "false", "No", "OFF"])
def test_reads_what_switches_off(text: str) -> None:
    """A switch is off by any usual word."""
    assert formats.flag(text) is False


@pytest.mark.parametrize("text", ["", "0", "11", "-1", "+5", "5.0", "1e1", "٣", "five"])
def test_refuses_what_is_no_whole_number_within_bounds(text: str) -> None:
    """A number is written in digits and lies between its bounds."""
    with pytest.raises(ValueError, match="a whole number from 1 to 10"):
        formats.whole(1, 10)(text)


@pytest.mark.parametrize(
    "text",
    ["http://localhost:8000", "https://dynamodb.us-east-1.amazonaws.com", "http://[::1]:8000", "http://10.0.0.1/"],
)
def test_reads_an_address_that_aws_clients_take(text: str) -> None:
    """An address that is accepted makes a client."""
    assert boto3.client("dynamodb", endpoint_url=formats.url(text), region_name="us-east-1")


@pytest.mark.parametrize(
    "text",
    [
        *("localhost:8000", "ftp://host", "http://", "http://host/path", "http://host?x", "http://user:pass@host"),
        *(
            "http://host:99999",
            "http://host:0",
            "http://-host",
            "http://a..b",
            "http://[1]",
            "http://[:::]",
            "http://.",
        ),
    ],
)
def test_refuses_an_address_that_no_client_could_take(text: str) -> None:
    """An address with a path, a password, an impossible port or host is refused at the start, not at the first call."""
    with pytest.raises(ValueError, match="an address such as"):
        formats.url(text)


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("https://app.example.com, http://localhost:3000", ("https://app.example.com", "http://localhost:3000")),
        ("https://App.Example.com:443/", ("https://app.example.com",)),
        ("http://example.com:80", ("http://example.com",)),
        ("*", ("*",)),
        (" , *,", ("*",)),
    ],
)
def test_reads_origins_as_a_browser_sends_them(text: str, origins: tuple[str, ...]) -> None:
    """Origins are compared as text, so they are kept in the form that a browser sends."""
    assert formats.listed(formats.origin)(text) == origins


@pytest.mark.parametrize(
    ("text", "host"),
    [
        *(
            ("127.0.0.1", "127.0.0.1"),
            ("0.0.0.0", "0.0.0.0"),
            ("localhost", "localhost"),
            ("a-1.example", "a-1.example"),
        ),
        *(("::1", "::1"), ("[::1]", "::1"), ("::", "::"), ("[::]", "::")),
    ],
)
def test_a_host_is_a_name_or_a_number(text: str, host: str) -> None:
    """Of IPv6 with brackets or without: whoever listens there puts them around it."""
    assert formats.host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.0:80", "localhost:80", "[::1]:80", "[::1", "::1]", "[[::1]]", "[127.0.0.1]", "[localhost]", "[]"),
        *("unix:/run/panzoto.sock", "fd://3", "/run/panzoto.sock", "http://localhost", "*", "1.2.3.999", "127.1", "5"),
        *("a b", "-a", "a..b", ":::"),
    ],
)
def test_refuses_what_is_no_host(text: str) -> None:
    """A port, a socket of a file, and a number that is no address would fail when the server starts."""
    with pytest.raises(ValueError, match="the name or the number of a host"):
        formats.host(text)


@pytest.mark.parametrize("parser", ["origins", "domains", "countries", "fingerprints", "providers"])
def test_a_list_of_nothing_is_refused(parser: str) -> None:
    """Whoever writes commas alone has lost what stood between them, and no countries would mean all of them."""
    with pytest.raises(ValueError, match="one or more between commas"):
        PARSERS[parser](" , ")


def test_a_sender_is_one_mailbox() -> None:
    """With a name before it or without; not two of them, of which all but the first would be forgotten."""
    for text in ("a@b.example", "Panzoto <a@b.example>", '"A, B" <a@b.example>'):
        assert formats.mailbox(text) == text
    for text in (
        "a@b.example, c@d.example",
        "a@b.example,",
        "A <a@b.example>; c@d.example",
        "a@b.example <c@d.example>",
    ):
        with pytest.raises(ValueError, match="an address such as"):
            formats.mailbox(text)


def test_reads_one_word_of_a_few() -> None:
    """A choice is read in any case, and the refusal names the choices."""
    choice = formats.one_of("debug", "info", "error")
    assert choice("INFO") == "info"
    with pytest.raises(ValueError, match="debug, info or error"):
        choice("loud")


def test_reads_the_arn_of_a_key_and_no_alias() -> None:
    """An alias would not tell whether a table has the key that was asked for."""
    arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert formats.kms_key(arn) == arn
    with pytest.raises(ValueError, match="the ARN of a KMS key"):
        formats.kms_key("alias/tables")


def test_a_file_is_read_for_what_it_is(tmp_path: Path) -> None:
    """A file sets what it gives a value; one that is not there sets nothing; one that is no text is refused."""
    path = tmp_path / "variables"
    assert env.of_development({"FLASK_ENV": "development"}, str(path)) == {}
    path.write_text("PORT=8000\nSECRET_KEY=\nexport S3_BUCKET='a-bucket'\n", encoding="utf-8")
    assert env.of_development({"FLASK_ENV": "development"}, str(path)) == {"PORT": "8000", "S3_BUCKET": "a-bucket"}
    assert env.of_development({}, str(path)) == env.of_development({"FLASK_ENV": "production"}, str(path)) == {}
    path.write_bytes(b"PORT=\xff")
    with pytest.raises(env.ConfigError, match="variables cannot be read: it is not text in UTF-8"):
        env.of_development({}, str(path))


def test_a_bucket_has_a_name_that_s3_takes() -> None:
    """The seed's bucket is read; a name with capitals or a slash is refused."""
    assert formats.bucket_name("panzoto-audio-dev") == "panzoto-audio-dev"
    for name in ("Panzoto", "a/b", "ab", "-audio"):
        with pytest.raises(ValueError, match="a bucket name"):
            formats.bucket_name(name)


def test_a_region_is_one_of_aws() -> None:
    """Regions of every partition are read; a place is none."""
    assert [formats.region(text) for text in ("eu-west-1", "us-gov-east-1", "us-iso-east-1")]
    with pytest.raises(ValueError, match="an AWS region"):
        formats.region("Virginia")


def test_every_region_is_read_here_and_by_terraform() -> None:
    """All that boto3 knows, of every partition: the European Sovereign Cloud's begin with four letters."""
    terraform = (ROOT / "infra/terraform/variables.tf").read_text(encoding="utf-8")
    (pattern,) = re.findall(r'regex\("([^"]+)", var\.region\)', terraform)
    session = boto3.session.Session()
    partitions = session.get_available_partitions()
    known = {each for name in partitions for each in session.get_available_regions("dynamodb", name)}
    for each in known | {"eusc-de-east-1"}:
        assert formats.region(each) == each
        assert re.search(pattern, each)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("example.com", "example.com"),
        ("Mail.EXAMPLE.com.", "mail.example.com"),
        ("xn--bcher-kva.example", "bücher.example"),
        ("BU\u0308CHER.example", "bücher.example"),
        ("faß.example", "faß.example"),
        ("example\u3002com", "example.com"),
    ],
)
def test_a_domain_is_read_as_emails_are_kept(text: str, domain: str) -> None:
    """In small letters, as Unicode, without the dot at the end."""
    assert formats.domain(text) == domain


@pytest.mark.parametrize(
    "text",
    [
        *("localhost", ".", "..", "example..com", ".example.com", "example.com..", "@example.com", "*.example.com"),
        *("a b.com", "ann@example.com", "https://example.com", "example.com/", "example.com:25", "a" * 64 + ".com"),
        *("\udcff.com", "xn--a.example", "-a.example", "under_score.example"),
    ],
)
def test_refuses_what_is_no_domain_of_emails(text: str) -> None:
    """A domain that no email could have would look as if it let people in."""
    with pytest.raises(ValueError, match=r"^domains such as example\.com between commas$"):
        formats.domain(text)


def test_a_country_has_two_letters() -> None:
    """Those that have phone numbers; no name, no code of a call, and no letter that becomes two."""
    assert [formats.country(text) for text in ("US", "de", "Gb")] == ["US", "DE", "GB"]
    for text in ("USA", "+1", "UK", "001", "ß", "", "XX"):
        with pytest.raises(ValueError, match="countries by their two letters"):
            formats.country(text)


def test_a_scheme_is_the_apps_own() -> None:
    """No scheme that a browser or a phone opens something else with."""
    assert [formats.scheme(text) for text in ("panzoto", "com.example.app", "p2+x-y")]
    for text in ("https", "javascript", "intent", "mailto", "Panzoto", "panzoto:", "panzoto://", "2go", "p", "pän"):
        with pytest.raises(ValueError, match="a scheme of the app's own"):
            formats.scheme(text)


def test_a_package_is_named_as_android_does() -> None:
    """Two parts or more, each beginning with a letter."""
    assert [formats.package(text) for text in ("com.example.panzoto", "a.B_1")]
    for text in ("panzoto", "com..x", "com.1x", ".com.x", "com.x.", "com.x-y", "com.ex\u00e4mple"):
        with pytest.raises(ValueError, match="the name of a package"):
            formats.package(text)


def test_a_fingerprint_is_of_32_bytes() -> None:
    """As Android's tools print it, in whatever letters."""
    printed = ":".join(["0a"] * 32)
    assert formats.fingerprint(printed) == printed.upper()
    for text in (printed[3:], f"{printed}:0a", printed.replace(":", ""), printed.replace("0a", "0g"), ""):
        with pytest.raises(ValueError, match="SHA-256 fingerprints of 32 bytes"):
            formats.fingerprint(text)


def test_a_key_may_be_named_in_each_of_its_ways() -> None:
    """By alias, by id, by either as an ARN."""
    arn = "arn:aws:kms:us-east-1:111122223333:"
    for text in ("alias/panzoto-audio", "1234abcd-12ab-34cd-56ef-1234567890ab", f"{arn}key/1234", f"{arn}alias/audio"):
        assert formats.kms_name(text) == text
    for text in ("alias/with space", "arn:aws:s3:::bucket", f"{arn}", "", "alias/\u00e4"):
        with pytest.raises(ValueError, match="an alias such as alias/panzoto-audio"):
            formats.kms_name(text)
