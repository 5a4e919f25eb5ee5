"""Codes that people type: as they are drawn, as they are kept, and what they are worth to whom they were not sent."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest
from argon2 import PasswordHasher

from panzoto.crypto.codes import Codes
from panzoto.crypto.gate import Gate
from panzoto.crypto.passwords import Passwords
from panzoto.crypto.profiles import Profile
from panzoto.errors import CodeRejected, Overloaded

# The lightest of OWASP's profiles.
PROFILE = Profile(12288, 3, 1)
KEY = bytes(range(32))
PHONE, CODE, LINK = "+1234567890", "012345", "tok_example.secret"
# HMAC-SHA256 under the bytes 00 01 … 1f over `panzoto/code/v1`, NUL, the phone, NUL, the code; in base64url.
PEPPERED = "VUgEFe4cMdrpwx36qfVYkarC25tUrMeJvn-FuFTHVzE"
LINK_CODE = "69443792"


@pytest.fixture(scope="module")
def codes() -> Codes:
    """Codes of six digits."""
    return Codes(KEY, Passwords(PROFILE), 6)


def test_worked_example(codes: Codes) -> None:
    """What is kept is Argon2id over the HMAC of the code, made here without a line of ours."""
    message = b"panzoto/code/v1\x00" + PHONE.encode() + b"\x00" + CODE.encode()
    peppered = urlsafe_b64encode(hmac.new(KEY, message, sha256).digest()).rstrip(b"=").decode()
    assert peppered == PEPPERED
    kept = codes.hash(PHONE, CODE)
    assert kept.startswith("$argon2id$v=19$m=12288,t=3,p=1$")
    assert PasswordHasher().verify(kept, peppered)
    codes.verify(PasswordHasher(time_cost=3, memory_cost=12288, parallelism=1).hash(peppered), PHONE, CODE)


def test_worked_example_of_a_link(codes: Codes) -> None:
    """The code of a link is the HMAC of its token, as a number, modulo 10^8; leading zeros are digits too."""
    digest = hmac.new(KEY, b"panzoto/link-code/v1\x00" + LINK.encode(), sha256).hexdigest()
    assert codes.of_link(LINK) == f"{int(digest, 16) % 100_000_000:08}" == LINK_CODE
    assert all(len(codes.of_link(str(n))) == 8 for n in range(200))


@pytest.mark.parametrize("digits", [6, 8, 10])
def test_new_codes(digits: int) -> None:
    """Codes have so many digits, zeros in front too, and are spread over all that there are."""
    codes = Codes(KEY, Passwords(PROFILE), digits)
    drawn = {codes.new() for _ in range(2000)}
    assert {len(each) for each in drawn} == {digits}
    assert all(each.isascii() and each.isdigit() for each in drawn)
    assert {each[0] for each in drawn} == {each[-1] for each in drawn} == set("0123456789")
    assert len(drawn) > 1950


def test_a_code_works_for_its_phone_and_key_alone(codes: Codes) -> None:
    """Another code, phone or key, and a code with something before or after it, are refused."""
    kept = codes.hash(PHONE, CODE)
    codes.verify(kept, PHONE, CODE)
    for phone, code in (
        (PHONE, "012346"),
        (PHONE, "12345"),
        (PHONE, "0123450"),
        (PHONE, " 012345"),
        (PHONE, "٠١٢٣٤٥"),
        (PHONE, ""),
        ("+1234567891", CODE),
        ("", CODE),
    ):
        with pytest.raises(CodeRejected):
            codes.verify(kept, phone, code)
    with pytest.raises(CodeRejected):
        Codes(bytes(32), Passwords(PROFILE), 6).verify(kept, PHONE, CODE)
    assert codes.hash(PHONE, CODE) != kept


def test_a_code_is_refused_where_nothing_is_kept(codes: Codes) -> None:
    """For nobody every code is wrong, and what is no hash verifies nothing."""
    with pytest.raises(CodeRejected):
        codes.verify_nobody(PHONE, CODE)
    for rubbish in ("", CODE, "$argon2id$", "$2b$12$" + "a" * 53):
        with pytest.raises(CodeRejected):
            codes.verify(rubbish, PHONE, CODE)


@pytest.mark.parametrize(
    "act",
    [
        lambda codes, kept: codes.hash(PHONE, CODE),
        lambda codes, kept: codes.verify(kept, PHONE, CODE),
        lambda codes, kept: codes.verify_nobody(PHONE, CODE),
    ],
    ids=["hash", "verify", "nobody"],
)
def test_every_hash_passes_the_gate(codes: Codes, act: Callable[[Codes, str], object]) -> None:
    """Where the gate is full, making and looking at a code are refused, for somebody as for nobody."""
    kept, gate = codes.hash(PHONE, CODE), Gate(1, 0, 0)
    crowded = Codes(KEY, Passwords(PROFILE, gate), 6)
    with gate.passing(), pytest.raises(Overloaded):
        act(crowded, kept)


def test_a_short_key_is_refused() -> None:
    """A pepper that could be guessed is none."""
    with pytest.raises(ValueError, match="32 bytes"):
        Codes(bytes(31), Passwords(PROFILE), 6)
