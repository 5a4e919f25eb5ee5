"""A recovery key survives being typed by hand, and every slip of the hand is noticed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panzoto.crypto import recovery as module
from panzoto.crypto.recovery import ALPHABET, new_recovery_key, recovery_wrapping_key
from panzoto.errors import RecoveryKeyMistyped

SHAPE = re.compile(rf"([{ALPHABET}]{{5}}-){{6}}[{ALPHABET}]{{5}}")
SHOWN = new_recovery_key()
KEY = recovery_wrapping_key(SHOWN, "user-1")


def mistyped(text: str) -> None:
    """See that a slip is noticed, and said to be one."""
    with pytest.raises(RecoveryKeyMistyped) as said:
        recovery_wrapping_key(text, "user-1")
    assert "typing error" in str(said.value)


def test_it_is_shown_in_groups_of_signs_that_cannot_be_confused() -> None:
    """Seven groups of five, of digits and letters without I, L, O and U, different each time."""
    shown = {new_recovery_key() for _ in range(300)}
    assert len(shown) == 300
    assert all(SHAPE.fullmatch(each) for each in shown)
    assert not set(ALPHABET) & set("ILOU")


def test_it_is_of_160_bits() -> None:
    """Every bit of it is drawn: each is 0 in some keys and 1 in others."""
    secrets = [module._secret(new_recovery_key()) for _ in range(200)]
    assert {len(each) for each in secrets} == {20}
    for bit in range(160):
        assert {each[bit // 8] >> bit % 8 & 1 for each in secrets} == {0, 1}


def test_it_is_bound_to_its_owner() -> None:
    """The same recovery key gives each user a wrapping key of 32 bytes of their own."""
    assert len(KEY) == 32
    assert recovery_wrapping_key(SHOWN, "user-1") == KEY
    assert recovery_wrapping_key(SHOWN, "user-2") != KEY


BETWEEN = ["", "", " ", "-", " - ", "\u2013"]


@settings(max_examples=60)
@given(st.data())
def test_case_spaces_and_dashes_do_not_matter(data: st.DataObject) -> None:
    """However the groups are set apart, in whatever case, with O for 0 and I or L for 1, it is the same key."""
    typed = ""
    for sign in SHOWN.replace("-", ""):
        looks_like = {"0": "0oO\uff10", "1": "1iIlL\uff11"}.get(sign, sign + sign.lower())
        typed += data.draw(st.sampled_from(looks_like)) + data.draw(
            st.sampled_from(["", "", " ", "-", " - ", "\u2013"])
        )
    around = data.draw(st.sampled_from(["", " ", "\n", "\t", "\u00a0", "\u2014"]))
    assert recovery_wrapping_key(around + typed + around, "user-1") == KEY


def test_every_wrong_sign_is_noticed() -> None:
    """Whichever one sign is typed wrong, and whatever is typed in its place, is noticed."""
    for shown in (SHOWN, new_recovery_key(), new_recovery_key()):
        for at, right in enumerate(shown):
            if right != "-":
                for wrong in (sign for sign in ALPHABET + "U*é\0" if sign != right):
                    mistyped(shown[:at] + wrong + shown[at + 1 :])


@settings(max_examples=100)
@given(st.integers(0, 2**160 - 1))
def test_every_exchange_of_neighbours_is_noticed(number: int) -> None:
    """Two neighbours that changed places are noticed wherever they are, in the check signs too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("secrets.token_bytes", lambda _: number.to_bytes(20))
        signs = new_recovery_key().replace("-", "")
    recovery_wrapping_key(signs, "user-1")
    for at in range(len(signs) - 1):
        if signs[at] != signs[at + 1]:
            mistyped(signs[:at] + signs[at + 1] + signs[at] + signs[at + 2 :])


def test_missing_and_doubled_signs_are_noticed() -> None:
    """A sign left out, typed twice, or a group left out or typed twice, is noticed."""
    for at in range(len(SHOWN)):
        if SHOWN[at] != "-":
            mistyped(SHOWN[:at] + SHOWN[at + 1 :])
            mistyped(SHOWN[:at] + SHOWN[at] + SHOWN[at:])
    groups = SHOWN.split("-")
    for at in range(len(groups)):
        mistyped("-".join(groups[:at] + groups[at + 1 :]))
        mistyped("-".join([*groups, groups[at]]))


def test_a_key_has_one_way_to_be_checked() -> None:
    """The check signs of a key are its own: of all that could stand there, one is right."""
    signs = SHOWN.replace("-", "")[:-3]
    right = [
        one + two + three
        for one in ALPHABET
        for two in ALPHABET
        for three in ALPHABET
        if _opens(signs + one + two + three)
    ]
    assert right == [SHOWN.replace("-", "")[-3:]]


def test_check_signs_past_the_prime_are_refused() -> None:
    """Where two ways to write the check would leave the same remainder, only the smaller is right."""
    number = 0
    while (1 - number * module.CHECKS) % module.PRIME >= module.CHECKS - module.PRIME:
        number += 1
    check = (1 - number * module.CHECKS) % module.PRIME
    for written, opens in ((check, True), (check + module.PRIME, False)):
        whole = number * module.CHECKS + written
        signs = "".join(ALPHABET[whole // 32**place % 32] for place in reversed(range(35)))
        assert _opens(signs) is opens


def _opens(signs: str) -> bool:
    try:
        recovery_wrapping_key(signs, "user-1")
    except RecoveryKeyMistyped:
        return False
    return True


@settings(max_examples=200)
@given(st.text(max_size=80) | st.text(ALPHABET, min_size=34, max_size=36))
def test_any_text_is_a_slip_and_no_crash(text: str) -> None:
    """Whatever is typed in place of a key is noticed; what is by chance well checked opens nothing."""
    try:
        assert recovery_wrapping_key(text, "user-1") != KEY
    except RecoveryKeyMistyped:
        return


STRANGE = {
    "nothing": "",
    "a dash": "-",
    "a page of keys": SHOWN * 10_000,
    "lone surrogates": "\ud800" * 35,
    "signs that grow": "ß" * 35,
    "ligatures": "ﬃ" * 12,
    "digits of another script": "\u0660" * 35,
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_strange_texts_are_slips(text: str) -> None:
    """Nothing, too much, and signs that grow when they are folded are slips like others."""
    mistyped(text)


def test_long_text_costs_nothing() -> None:
    """Past 200 signs nothing is folded or read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("unicodedata.normalize", None)
        mistyped(SHOWN.ljust(201))
