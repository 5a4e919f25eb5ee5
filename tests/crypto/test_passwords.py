"""Passwords are verified exactly as they were typed, at a bounded cost that does not tell who has an account."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import argon2
import bcrypt
import pytest
from argon2.exceptions import HashingError, VerificationError
from argon2.low_level import Type, hash_secret, verify_secret
from hypothesis import given, settings
from hypothesis import strategies as st

from panzoto.crypto import passwords as module
from panzoto.crypto.gate import Gate
from panzoto.crypto.passwords import Passwords
from panzoto.crypto.profiles import Argon2Hash, Cost, Profile, UnusableHash
from panzoto.errors import InvalidRequest, Overloaded, WrongPassword
from tests.house.source import ROOT
from tests.support.effort import tries

LIGHT = Profile(12288, 3, 1)
LIGHT_HASHES = Passwords(LIGHT, Gate(at_once=4, waiting=100, seconds=60))
SALT = b"saltsaltsaltsalt"


def cheap(
    kind: Type = Type.ID,
    m: int = 64,
    t: int = 1,
    p: int = 1,
    *,
    length: int = 32,
    version: int = 19,
    salt: bytes = SALT,
) -> str:
    """A hash of `right` by other parameters than ours."""
    return hash_secret(b"right", salt, t, m, p, length, kind, version).decode()


def bcrypted(password: bytes) -> str:
    """A bcrypt hash as the old backend could have made it."""
    return bcrypt.hashpw(password, b"$2b$04$abcdefghijklmnopqrstuu").decode()


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_only_the_same_text_verifies(password: str, other: str) -> None:
    """Any text is a password, and no other text verifies against its hash."""
    stored = LIGHT_HASHES.hash(password)
    LIGHT_HASHES.verify(stored, password)
    if other != password:
        with pytest.raises(WrongPassword):
            LIGHT_HASHES.verify(stored, other)


DIFFERENT = [
    ("pass word", "password"),
    (" password", "password"),
    ("Password", "password"),
    ("a\0b", "a"),
    ("a\0b", "a\0c"),
    ("café", "cafe\u0301"),
    ("\ufb01sh", "fish"),
    ("x" * 128 + "y", "x" * 128 + "z"),
    ("", "\0"),
]


@pytest.mark.parametrize(("kept", "typed"), DIFFERENT)
def test_nothing_is_trimmed_normalised_or_cut(kept: str, typed: str) -> None:
    """What looks alike is another password: spaces, case, NUL, composed and compatible forms, the 129th sign."""
    with pytest.raises(WrongPassword):
        LIGHT_HASHES.verify(LIGHT_HASHES.hash(kept), typed)


def test_a_hash_is_argon2id_of_the_profile_with_its_own_salt() -> None:
    """The hash says its kind and parameters, and two of one password differ."""
    one, two = LIGHT_HASHES.hash("right"), LIGHT_HASHES.hash("right")
    assert one.startswith("$argon2id$v=19$m=12288,t=3,p=1$")
    assert one != two
    argon2.PasswordHasher().verify(one, "right")


def test_the_default_profile_is_the_first_of_owasp() -> None:
    """Nobody who configures nothing is weaker than today's minimum."""
    assert Passwords().hash("right").startswith("$argon2id$v=19$m=47104,t=1,p=1$")


@pytest.mark.parametrize("kind", list(Type))
@pytest.mark.parametrize("version", [16, 19])
def test_every_argon2_verifies_and_is_upgraded(kind: Type, version: int) -> None:
    """Hashes of every kind and version of Argon2 verify, and ask for a new one."""
    stored = cheap(kind, version=version).replace("$v=16", "")
    LIGHT_HASHES.verify(stored, "right")
    with pytest.raises(WrongPassword):
        LIGHT_HASHES.verify(stored, "wrong")
    assert LIGHT_HASHES.needs_rehash(stored)


@pytest.mark.parametrize("mark", ["$2a$", "$2b$", "$2y$"])
@pytest.mark.parametrize("length", [8, 71, 72, 73, 200])
def test_bcrypt_verifies_and_is_upgraded(mark: str, length: int) -> None:
    """A migrated hash verifies, whatever its mark, of long passwords too, whose first 72 bytes alone were hashed."""
    password = ("pä" * length)[:length]
    stored = bcrypted(password.encode()[:72]).replace("$2b$", mark)
    LIGHT_HASHES.verify(stored, password)
    with pytest.raises(WrongPassword):
        LIGHT_HASHES.verify(stored, "P" + password[1:])
    assert LIGHT_HASHES.needs_rehash(stored)


def test_bcrypt_reads_no_repetition_for_the_password() -> None:
    """To bcrypt "a" and "a NUL a" are one; to us the second is wrong."""
    stored = bcrypted(b"right")
    assert bcrypt.checkpw(b"right\0right", stored.encode())
    with pytest.raises(WrongPassword):
        LIGHT_HASHES.verify(stored, "right\0right")


BCRYPT = bcrypted(b"right")
ARGON2 = cheap()
UNUSABLE = {
    "nothing": "",
    "the password itself": "right",
    "another scheme": "$1$salt$hash",
    "a mark alone": "$2",
    "bcrypt's mark alone": "$2b$",
    "Argon2's mark alone": "$argon2id$",
    "bcrypt, too long": BCRYPT + "x",
    "bcrypt, too short": BCRYPT[:-1],
    "bcrypt of an unknown mark": BCRYPT.replace("$2b$", "$2x$"),
    "bcrypt with a salt that is none": BCRYPT[:28] + "9" + BCRYPT[29:],
    "bcrypt, too cheap to exist": BCRYPT.replace("$04$", "$03$"),
    "bcrypt, one step too dear": BCRYPT.replace("$04$", "$15$"),
    "bcrypt of hours": BCRYPT.replace("$04$", "$31$"),
    "a line's end after it": ARGON2 + "\n",
    "a leading zero": ARGON2.replace("m=64", "m=064"),
    "digits of another script": ARGON2.replace("m=64", "m=٦٤"),
    "an underscore in a number": ARGON2.replace("m=64", "m=6_4"),
    "no base64": ARGON2[:-1] + "!",
    "an unknown version": ARGON2.replace("v=19", "v=18"),
    "an unknown kind": ARGON2.replace("$argon2id", "$argon2ix"),
    "another order": ARGON2.replace("m=64,t=1,p=1", "t=1,m=64,p=1"),
    "a short salt": ARGON2.replace("$c2FsdHNhbHRzYWx0c2FsdA$", "$c2FsdA$"),
    "a long salt": ARGON2.replace("$c2FsdHNhbHRzYWx0c2FsdA$", "$" + "c2Fs" * 22 + "$"),
    "a short hash": cheap(length=15),
    "a long hash": cheap(length=65),
    "too little memory": ARGON2.replace("m=64", "m=7"),
    "too little memory for its lanes": ARGON2.replace("p=1", "p=9"),
    "a KiB too much": ARGON2.replace("m=64", f"m={256 * 1024 + 1}"),
    "a terabyte": ARGON2.replace("m=64", "m=999999999"),
    "no pass": ARGON2.replace("t=1", "t=0"),
    "a pass too many": ARGON2.replace("t=1", "t=11"),
    "no lane": ARGON2.replace("p=1", "p=0"),
    "a lane too many": ARGON2.replace("m=64,t=1,p=1", "m=136,t=1,p=17"),
}


@pytest.mark.parametrize("stored", UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_no_hash_or_costs_too_much_is_refused(stored: str) -> None:
    """A broken or dear hash is a wrong password to the client and its own error to us, before it can cost anything."""
    with pytest.raises(UnusableHash) as refused:
        LIGHT_HASHES.verify(stored, "right")
    assert str(refused.value) == str(WrongPassword())
    assert LIGHT_HASHES.needs_rehash(stored)


@pytest.mark.parametrize("numbers", [(256 * 1024, 1, 1), (64, 10, 1), (128, 1, 16), (8, 1, 1)])
def test_the_bounds_themselves_are_allowed(numbers: tuple[int, int, int]) -> None:
    """What is dear but within the bounds is verified."""
    assert Cost(*numbers).numbers == numbers
    m, t, p = numbers
    LIGHT_HASHES.verify(cheap(m=m, t=t, p=p), "right")


def test_only_hashes_of_the_profile_are_kept() -> None:
    """A hash asks for a new one when kind, version, cost, salt or length is not what the profile makes today."""
    assert not LIGHT_HASHES.needs_rehash(LIGHT_HASHES.hash("right"))
    assert not LIGHT_HASHES.needs_rehash(cheap(Type.ID, 12288, 3, 1))
    for other in (
        cheap(Type.ID, 12289, 3, 1),
        cheap(Type.ID, 12288, 2, 1),
        cheap(Type.ID, 12288, 3, 2),
        cheap(Type.I, 12288, 3, 1),
        cheap(Type.ID, 12288, 3, 1, version=16),
        cheap(Type.ID, 12288, 3, 1, length=31),
        cheap(Type.ID, 12288, 3, 1, salt=SALT + b"s"),
    ):
        assert LIGHT_HASHES.needs_rehash(other)


@pytest.mark.parametrize("typed", ["\ud800", "right\udfff"])
def test_lone_surrogates_are_no_password(typed: str) -> None:
    """What is no text cannot be set, and is wrong to verify; neither is a crash."""
    with pytest.raises(InvalidRequest):
        LIGHT_HASHES.hash(typed)
    with pytest.raises(WrongPassword):
        LIGHT_HASHES.verify(LIGHT_HASHES.hash("right"), typed)
    with pytest.raises(WrongPassword):
        LIGHT_HASHES.verify_nobody(typed)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Type, Cost]]:
    """Every Argon2 verification of the test, as kind and cost; each really happens."""
    seen: list[tuple[Type, Cost]] = []

    def spy(stored: bytes, typed: bytes, kind: Type) -> bool:
        seen.append((kind, Argon2Hash.read(stored.decode()).cost))
        return verify_secret(stored, typed, kind)

    monkeypatch.setattr(module, "verify_secret", spy)
    return seen


def test_nobody_takes_the_work_of_somebody(computed: list[tuple[Type, Cost]]) -> None:
    """A right password, a wrong one, no account and an unusable hash cost one computation, of the same parameters."""
    stored = LIGHT_HASHES.hash("right")
    LIGHT_HASHES.verify(stored, "right")
    tries: list[Callable[[], None]] = [
        lambda: LIGHT_HASHES.verify(stored, "wrong"),
        lambda: LIGHT_HASHES.verify_nobody("wrong"),
        lambda: LIGHT_HASHES.verify("junk", "wrong"),
        lambda: LIGHT_HASHES.verify(bcrypted(b"x").replace("$04$", "$20$"), "wrong"),
        lambda: LIGHT_HASHES.verify(cheap(m=128).replace("m=128", f"m={2**30}"), "wrong"),
    ]
    for attempt in tries:
        with pytest.raises(WrongPassword):
            attempt()
    assert computed == [(Type.ID, Cost(*LIGHT.numbers))] * 6


def test_nobody_has_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if a guess were right, nobody is signed in to no account."""
    monkeypatch.setattr(module, "verify_secret", lambda *_: True)
    with pytest.raises(WrongPassword):
        LIGHT_HASHES.verify_nobody("right")


@pytest.mark.parametrize("stored", [cheap(), bcrypted(b"right"), "junk"])
def test_every_computation_passes_the_gate(stored: str) -> None:
    """With the gate held and no queue, nothing is hashed or verified, of any kind, and nothing is a wrong password."""
    gate = Gate(at_once=1, waiting=0)
    hashes = Passwords(LIGHT, gate)
    with gate.passing():
        for attempt in (
            lambda: hashes.hash("right"),
            lambda: hashes.verify(stored, "right"),
            lambda: hashes.verify_nobody("right"),
        ):
            with pytest.raises(Overloaded):
                attempt()


NO_MEMORY = """
import resource
from panzoto.crypto.gate import Gate
from panzoto.crypto.keys import PasswordKeys
from panzoto.crypto.passwords import Passwords
from panzoto.crypto.profiles import Profile
from panzoto.errors import Overloaded
profile, gate = Profile(200 * 1024, 1, 1), Gate()
hashes, keys = Passwords(profile, gate), PasswordKeys(profile, gate)
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 100 * 2**20,) * 2)
for attempt in (
    lambda: hashes.hash("right"),
    lambda: hashes.verify_nobody("right"),
    lambda: keys.derive("right", bytes(32), keys.kdf),
):
    try:
        attempt()
    except Overloaded as fault:
        print(fault.__cause__)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits its own memory as Linux does")
def test_a_lack_of_memory_is_no_wrong_password() -> None:
    """A process that has no memory for a hash says that it is busy, and nobody's password is called wrong."""
    ended = subprocess.run(
        [sys.executable, "-c", NO_MEMORY], cwd=ROOT, check=True, timeout=60, capture_output=True, text=True
    )
    assert ended.stdout.splitlines() == ["Memory allocation error"] * 3


@pytest.mark.parametrize("fault", [HashingError, VerificationError])
def test_means_that_are_wanting_are_told_as_such(monkeypatch: pytest.MonkeyPatch, fault: type[Exception]) -> None:
    """Argon2's own errors of memory and threads are `Overloaded`, with the reason kept for the log."""
    for said in module.OUT_OF_MEANS:

        def fail(*_: object, said: str = said) -> None:
            raise fault(said)

        monkeypatch.setattr(module, "hash_secret", fail)
        monkeypatch.setattr(module, "verify_secret", fail)
        attempt = LIGHT_HASHES.verify_nobody if fault is VerificationError else LIGHT_HASHES.hash
        with pytest.raises(Overloaded):
            attempt("right")


FLOOD = """
import sys
from concurrent.futures import ThreadPoolExecutor
from panzoto.crypto.gate import Gate
from panzoto.crypto.passwords import Passwords
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
passwords = Passwords(gate=Gate(at_once=2, waiting=100, seconds=120))
with ThreadPoolExecutor(30) as pool:
    list(pool.map(lambda _: None, range(30)))
    before = peak()
    list(pool.map(passwords.hash, ["right"] * int(sys.argv[1])))
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads its peak of memory where Linux tells it")
def test_a_flood_takes_the_memory_of_the_gate_alone() -> None:
    """Many hashes of 46 MiB asked for by thirty threads take the memory of the two that the gate lets through."""
    many = str(tries(60, at_home=12))
    ended = subprocess.run(
        [sys.executable, "-c", FLOOD, many], cwd=ROOT, check=True, timeout=120, capture_output=True, text=True
    )
    assert 47104 <= int(ended.stdout) <= 2 * 47104 + 8 * 1024


def test_a_flood_of_real_threads_computes_no_more_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty threads verify for real, and never more than two computations run at a time."""
    hashes = Passwords(LIGHT, Gate(at_once=2, waiting=50, seconds=60))
    stored = hashes.hash("right")
    running: list[int] = []
    most: list[int] = []

    def spy(*given: Any) -> bool:
        running.append(1)
        most.append(len(running))
        try:
            return verify_secret(*given)
        finally:
            running.pop()

    monkeypatch.setattr(module, "verify_secret", spy)
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda _: hashes.verify(stored, "right"), range(50)))
    assert max(most) <= 2
    assert len(most) == 50


@pytest.mark.parametrize("numbers", [(47104, 1, 1), (19456, 2, 1), (12288, 3, 1), (65536, 3, 4), (262144, 10, 16)])
def test_profiles_of_owasp_and_above_are_taken(numbers: tuple[int, int, int]) -> None:
    """Each of OWASP's profiles is enough, and more is allowed up to the bounds of what we verify."""
    assert Profile(*numbers).numbers == numbers


@pytest.mark.parametrize("numbers", [(47103, 1, 1), (19455, 2, 1), (12287, 3, 1), (8, 1, 1), (12287, 10, 16)])
def test_profiles_below_owasp_are_refused(numbers: tuple[int, int, int]) -> None:
    """A profile that is below all of OWASP's stops the start, with a sentence that says what is enough."""
    with pytest.raises(ValueError, match="47104/1/1, 19456/2/1, 12288/3/1"):
        Profile(*numbers)


@pytest.mark.parametrize("numbers", [(262145, 1, 1), (47104, 11, 1), (47104, 1, 17), (47104, 0, 1), (47104, 1, 0)])
def test_profiles_beyond_the_bounds_are_refused(numbers: tuple[int, int, int]) -> None:
    """A profile whose hashes we would refuse to verify stops the start."""
    with pytest.raises(ValueError, match="bounds"):
        Profile(*numbers)
