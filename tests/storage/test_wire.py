"""What a value is on the wire, and that it comes back as it went."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panzoto.models.store.wire import decode, decode_item, encode, encode_item

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(10**37), 10**37) | st.decimals(
    -(10**20), 10**20, allow_nan=False, allow_infinity=False, places=10
)
sets = (
    st.sets(texts, min_size=1, max_size=4)
    | st.sets(numbers, min_size=1, max_size=4)
    | st.frozensets(st.binary(max_size=8), min_size=1, max_size=4)
)
values = st.recursive(
    texts | numbers | sets | st.booleans() | st.none() | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, max_size=5))
def test_every_kind_of_value_comes_back_as_it_went(item: dict[str, Any]) -> None:
    """Text, numbers, bytes, booleans, null, lists, maps and sets survive the way there and back."""
    assert decode_item(encode_item(item)) == item


@given(st.dictionaries(texts, st.text() | numbers | st.booleans(), max_size=5))
def test_nothing_is_left_that_json_does_not_know(item: dict[str, Any]) -> None:
    """On the wire there are only texts, booleans, lists and maps: what botocore sends as JSON."""
    assert all(isinstance(each, dict) for each in encode_item(item).values())


@given(st.lists(numbers, min_size=1, unique=True))
def test_equal_sets_are_equal_on_the_wire(members: list[Any]) -> None:
    """The order of a set is the order of its members, however it was made."""
    assert orjson.dumps(encode(set(members))) == orjson.dumps(encode(frozenset(reversed(members))))
    assert encode(set(members))["NS"] == [encode(each)["N"] for each in sorted(members)]


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (-7, "-7"), (10**37, "1" + "0" * 37), (-12 * 10**99, "-12" + "0" * 99)]
)
def test_whole_numbers_stay_whole(number: int, text: str) -> None:
    """An int comes back as an int."""
    assert encode(number) == {"N": text}
    assert type(decode({"N": text})) is int


def test_text_goes_as_it_is() -> None:
    """NULs, signs beyond the first plane and composed letters are neither escaped nor normalised."""
    text = "a\0b \U0001f511 e\u0301 \u00e9"
    assert encode(text) == {"S": text}


@pytest.mark.parametrize("text", ["0.1", "-2.50", "1E+40", "1e-7"])
def test_other_numbers_are_decimals(text: str) -> None:
    """A number with a fraction or an exponent comes back as the Decimal it was."""
    found = decode({"N": text})
    assert type(found) is Decimal
    assert found == Decimal(text)


def test_a_boolean_is_no_number() -> None:
    """True goes as a boolean although Python counts with it."""
    assert encode(True) == {"BOOL": True}
    assert encode({"a": False}) == {"M": {"a": {"BOOL": False}}}


def test_a_tuple_goes_as_a_list() -> None:
    """What is written in order is read in order."""
    assert decode(encode((1, "two"))) == [1, "two"]


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        object(),
        [1.0],
        {"a": {"b": 0.1}},
        set(),
        frozenset(),
        {1, "a"},
        {"a", b"b"},
        {True},
        {None},
        {(1, 2)},
        Decimal("NaN"),
        Decimal("Infinity"),
        {Decimal("-Infinity")},
        10**38 + 1,
        10**126,
        -(10**40) - 1,
        Decimal("1." + "1" * 38),
        Decimal("1E+126"),
        Decimal("1E-131"),
        "\ud800",
        ["a", {"b": "\udfff"}],
        {"\ud800"},
    ],
)
def test_what_dynamodb_cannot_hold_is_refused(value: Any) -> None:
    """Floats, sets of nothing or of several kinds, numbers it would refuse or round, text that is none: none leaves."""
    with pytest.raises((TypeError, ValueError), match=r"DynamoDB|a set"):
        encode(value)
