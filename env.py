"""How an environment variable is declared, read and refused: every fault at once, and no traceback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, field, fields
from typing import Any, TypeVar

from dotenv import dotenv_values

SHOWN = 100

Value = TypeVar("Value")
Parse = Callable[[str], Value]


class ConfigError(SystemExit):
    """The environment is wrong: raising it ends the process with one sentence per fault and no traceback."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        lines = "".join(f"\n  - {fault}" for fault in faults)
        super().__init__(f"Panzoto cannot start: {count} in the configuration.{lines}")


def var(
    name: str,
    parse: Parse[Value],
    default: Any = None,
    *,
    says: str,
    default_text: str = "",
    instead: str = "",
    secret: bool = False,
) -> Any:
    """A field of the configuration, read from `name`, or from the variable named in `instead` when `name` is unset."""
    metadata = {"name": name, "parse": parse, "says": says, "default_text": default_text}
    return field(default=default, repr=not secret, metadata=metadata | {"instead": instead, "secret": secret})


def declared(declaration: type[Any]) -> list[Field[Any]]:
    """The fields of a dataclass that are read from a variable."""
    return [each for each in fields(declaration) if "name" in each.metadata]


def read(declaration: type[Any], environ: Mapping[str, str], prefix: str = "") -> tuple[dict[str, Any], list[str]]:
    """The values that `environ` sets for a declared dataclass, and a sentence for each that cannot be read.

    With a prefix each variable begins with it: there may be several such dataclasses, one for each prefix.
    """
    values: dict[str, Any] = {}
    faults: list[str] = []
    for each in declared(declaration):
        name, instead = prefix + each.metadata["name"], each.metadata["instead"]
        source = name if environ.get(name, "").strip() else instead
        text = environ.get(source, "").strip()
        if not text:
            continue
        try:
            values[each.name] = each.metadata["parse"](text)
        except ValueError as fault:
            # an address may hold a password before its @, and nobody reads more than the start of a long value
            hidden = each.metadata["secret"] or "@" in text
            shown = "" if hidden else f", not {text[:SHOWN]!r}{'…' if len(text) > SHOWN else ''}"
            faults.append(f"{source} must be {fault}{shown}.")
    return values, list(dict.fromkeys(faults))


def of_development(environ: Mapping[str, str], path: str = ".env") -> dict[str, str]:
    """What the file sets; nothing, unless the environment, or the file where that is silent, says development.

    A variable that is set to nothing is set: it means the default, and the file does not fill it.
    """
    asked = environ.get("FLASK_ENV")
    if asked is not None and asked.strip().lower() != "development":
        return {}
    try:
        read = dotenv_values(path, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is not text in UTF-8"
        raise ConfigError([f"{path} cannot be read: {reason}."]) from None
    filled = {name: value for name, value in read.items() if value}
    return filled if (asked or filled.get("FLASK_ENV", "")).strip().lower() == "development" else {}
