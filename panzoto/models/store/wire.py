"""Items as Python has them and as DynamoDB sends them: text, numbers, bytes, booleans, null, lists, maps and sets."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from decimal import Clamped, Context, Decimal, Inexact, InvalidOperation, Overflow, Rounded, Subnormal
from typing import Any

Item = dict[str, Any]
Wire = dict[str, Any]
# The numbers that DynamoDB keeps as they are.
DIGITS = 38
TOO_LONG = 10**DIGITS
NUMBERS = Context(DIGITS, Emin=-130, Emax=125, traps=[Clamped, Inexact, InvalidOperation, Overflow, Rounded, Subnormal])


def encode(value: Any) -> Wire:
    """A value as DynamoDB takes it. Floats are refused: they do not survive the way there and back."""
    try:
        return _ENCODERS[type(value)](value)
    except KeyError:
        raise TypeError(f"DynamoDB has no place for {type(value).__name__}") from None


def size(text: str) -> int:
    """How many bytes text has on the wire; none at all if it holds lone surrogates, which cannot be sent."""
    try:
        return len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        return 0


def _encode_text(value: str) -> Wire:
    if value and not size(value):
        raise ValueError("DynamoDB has no place for text with lone surrogates")
    return {"S": value}


def _encode_int(value: int) -> Wire:
    if -TOO_LONG < value < TOO_LONG:
        return {"N": str(value)}
    digits = str(value).rstrip("0")
    if len(digits.lstrip("-")) > DIGITS:
        raise ValueError(f"DynamoDB keeps {DIGITS} digits of a number")
    return _encode_decimal(Decimal(f"{digits}E{len(str(value)) - len(digits)}"))


def _encode_decimal(value: Decimal) -> Wire:
    try:
        kept = NUMBERS.create_decimal(value)
    except ArithmeticError:
        kept = Decimal("NaN")
    if not kept.is_finite():
        raise ValueError(f"DynamoDB has no place for the number {value}")
    return {"N": format(kept, "f")}


def _encode_set(values: set[Any] | frozenset[Any]) -> Wire:
    """A set, whose members must be of one kind; sorted, so that equal sets are equal on the wire."""
    kinds = {next(iter(encode(each))) for each in values}
    if kinds not in ({"S"}, {"N"}, {"B"}):
        raise TypeError("a set holds something, and only text, only numbers or only bytes")
    kind = kinds.pop()
    return {f"{kind}S": [encode(each)[kind] for each in sorted(values)]}


def decode(wire: Wire) -> Any:
    """A value as Python has it."""
    ((kind, value),) = wire.items()
    return _DECODERS[kind](value)


def _number(text: str) -> int | Decimal:
    return int(text) if text.isdigit() or text.lstrip("-").isdigit() else Decimal(text)


def _bytes(value: str | bytes) -> bytes:
    """Bytes are base64 text on the wire; in what botocore has read of a refusal they are bytes already."""
    return b64decode(value) if isinstance(value, str) else value


def _as_it_is(value: Any) -> Any:
    return value


def encode_item(item: Mapping[str, Any]) -> Wire:
    """An item or a key as DynamoDB takes it."""
    return {name: encode(value) for name, value in item.items()}


def decode_item(wire: Wire) -> Item:
    """An item as Python has it. Most of one is text and numbers, which are looked for first."""
    return {
        name: each["S"] if "S" in each else _number(each["N"]) if "N" in each else decode(each)
        for name, each in wire.items()
    }


_ENCODERS: dict[type, Callable[[Any], Wire]] = {
    str: _encode_text,
    int: _encode_int,
    bool: lambda value: {"BOOL": value},
    type(None): lambda _: {"NULL": True},
    bytes: lambda value: {"B": value},
    dict: lambda value: {"M": encode_item(value)},
    list: lambda value: {"L": [encode(each) for each in value]},
    tuple: lambda value: {"L": [encode(each) for each in value]},
    Decimal: _encode_decimal,
    set: _encode_set,
    frozenset: _encode_set,
}
_DECODERS: dict[str, Callable[[Any], Any]] = {
    "S": _as_it_is,
    "N": _number,
    "BOOL": _as_it_is,
    "B": _bytes,
    "NULL": lambda _: None,
    "M": decode_item,
    "L": lambda value: [decode(each) for each in value],
    "NS": lambda value: {_number(each) for each in value},
    "SS": set,
    "BS": lambda value: {_bytes(each) for each in value},
}
