"""A new password is refused when somebody could guess it, with the reason, and for no other cause."""

from __future__ import annotations

import string
import subprocess
import sys
from hashlib import sha1

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from panzoto.crypto.breaches import Breaches
from panzoto.crypto.strength import check, common_passwords
from panzoto.errors import InvalidRequest, WeakPassword
from tests.house.source import ROOT

CONTEXT = ["john.smith@mail.example", "John O'Neill-Smith", "+14155551234"]
GOOD = "staple-horse-battery"


def reason(password: str, min_length: int = 8) -> str:
    """Why a password is refused."""
    with pytest.raises(WeakPassword) as said:
        check(password, context=CONTEXT, min_length=min_length)
    return str(said.value)


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "xkqv zwpm",
        " leading and trailing ",
        "нет-такого-слова",
        "密碼是一個長的句子",
        "🔑🐴🔋📎🌊🎻🧭🪁",
        "a\0b\0c\0d\0e",
        "johnathan likes tea",
        "smithereens of glass",
        "x" * 127 + "y",
        "y" + "x" * 255,
        "kT9$wq2!",
        "14155551234 and more words",
    ],
)
def test_any_text_that_is_not_guessed_is_taken(password: str) -> None:
    """Any script, spaces, signs and lengths up to 256 are taken, without a rule of composition."""
    check(password, context=CONTEXT)


@given(st.text(string.ascii_lowercase + " ", min_size=16, max_size=128))
def test_no_kinds_of_signs_are_asked_for(password: str) -> None:
    """A long text of small letters is as good as any other."""
    assume(len(set(password)) > 6)
    check(password)


@given(st.integers(1, 256))
def test_length_is_counted_in_code_points(length: int) -> None:
    """Eight is enough and 256 is not too much, however many bytes they take."""
    password = "".join(chr(0x1F300 + at * 7 % 251) for at in range(length))
    if length < 8:
        assert reason(password) == "Password must be at least 8 characters"
    else:
        check(password)
    with pytest.raises(WeakPassword, match="at most 256 characters"):
        check(password + "x" * (257 - length))


def test_the_least_length_is_a_setting() -> None:
    """A deployment may ask for more, and the sentence says how much."""
    check("kT9$wq2!kT9$w", min_length=12)
    assert reason("kT9$wq2!kT9", min_length=12) == "Password must be at least 12 characters"


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PASSWORD",
        "Password1",
        "12345678",
        "iloveyou",
        "football",
        "  trustno1 ",
        "passw0rd",
        "sunshine",
        "\uff50assword",
        "elephant",
        "Elizabeth",
        "qwertyuiop",
        "1q2w3e4r",
        "ILOVEYOU ",
    ],
)
def test_common_passwords_are_refused(password: str) -> None:
    """What every guesser tries first is refused, in whatever case, width and spaces around."""
    assert "most common" in reason(password)


def test_the_lists_hold_the_most_common() -> None:
    """At least the three thousand that the standard asks for are known, among those long enough to be tried."""
    assert len([each for each in common_passwords() if len(each) >= 8]) > 3000


@pytest.mark.parametrize(
    "password",
    [
        "zzzzzzzzzz",
        "........",
        "🔑" * 9,
        "ßßßßßßßß",
        "        ",
        "45678901",
        "98765432109",
        "cdefghijk",
        "rqponmlk",
        "ERTYUIOP",
        "poiuytre",
        "\u0430\u0431\u0432\u0433\u0434\u0435\u0436\u0437\u0438",
        "asdfghjkl;'",
    ],
)
def test_rows_of_signs_are_refused(password: str) -> None:
    """One sign again and again, and signs in the order of the alphabet or the keyboard, are refused."""
    assert "one row" in reason(password) or "most common" in reason(password)


@pytest.mark.parametrize(
    "password",
    [
        "john.smith@mail.example",
        "JohnSmith1",
        "john.smith!",
        "Smith-2024",
        "smith mail",
        "mail.example",
        "panzoto1",
        "Panzoto!!!!!!",
        "oneillsmith",
        "john12345678",
        "smithpassword",
        "smithcdefghij",
        "+14155551234",
        "14155551234x",
    ],
)
def test_what_is_known_of_the_person_is_refused(password: str) -> None:
    """The email, its parts, the name, the phone number, our name, and any of them with a little more are refused."""
    assert "hardly more" in reason(password)


def test_short_words_do_not_make_passwords_weak() -> None:
    """A name of two letters, or nothing, refuses nothing."""
    check(GOOD, context=["Bo", "", "a@b", " "])


def test_the_parts_of_an_email_count_however_short_their_words() -> None:
    """The local part is known as a whole, without the dots between its words."""
    with pytest.raises(WeakPassword, match="hardly more"):
        check("joli1234", context=["jo.li@mail.example"])


def test_our_name_is_always_known() -> None:
    """Without a word of context, a password of our name is refused."""
    with pytest.raises(WeakPassword, match="hardly more"):
        check("panzoto2026")


def test_lone_surrogates_are_no_password() -> None:
    """What is no text is an invalid request, before anything is looked up."""
    with pytest.raises(InvalidRequest):
        check("\ud800" * 9)


def test_breached_passwords_are_refused() -> None:
    """A password that the lookup knows is refused, one that it does not know is taken."""
    suffix = sha1(GOOD.encode()).hexdigest().upper()[5:]
    check(GOOD, breaches=Breaches(lambda _: f"{suffix}:0"))
    with pytest.raises(WeakPassword, match="data breach"):
        check(GOOD, breaches=Breaches(lambda _: f"{suffix}:1"))


def test_nothing_is_looked_up_for_a_password_that_is_refused_anyway() -> None:
    """The lookup is asked last, about passwords that would be taken."""
    asked: list[str] = []
    breaches = Breaches(lambda prefix: asked.append(prefix) or "")  # type: ignore[func-returns-value]
    for weak in ("short", "password", "zzzzzzzz", "panzoto1", "x" * 257):
        with pytest.raises(WeakPassword):
            check(weak, breaches=breaches)
    assert not asked


def test_the_lists_are_loaded_when_they_are_needed() -> None:
    """Starting the service loads no list; the first new password does, once."""
    program = (
        "import sys\n"
        "from panzoto.crypto import strength\n"
        "assert not [name for name in sys.modules if name.startswith('zxcvbn')]\n"
        "assert strength.common_passwords() is strength.common_passwords()\n"
        "assert 'zxcvbn' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60)
