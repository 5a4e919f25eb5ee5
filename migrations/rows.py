"""From a row to what it means: a person or a recording, as the application itself would have made it. Nothing else."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from migrations.faults import Unfit
from panzoto.crypto.keys import SALT_BYTES
from panzoto.crypto.profiles import Argon2Hash, UnusableHash, check_bcrypt
from panzoto.errors import InvalidRequest
from panzoto.flows._addresses import normal_email
from panzoto.flows.login import NOBODY
from panzoto.models import object_keys
from panzoto.models.audio_file import AudioFile
from panzoto.models.spec import LONGEST
from panzoto.models.store.wire import size
from panzoto.models.user import User

LONGEST_ID = 1024
LONGEST_SALT = 1024
LARGEST = 2**63 - 1
HEX = re.compile(r"(?:\\x|0x)?((?:[0-9a-fA-F]{2})+)", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
Row = Sequence[Any]


@dataclass(frozen=True)
class Rules:
    """How times without a zone are read, and whether a person whose hash nobody can read comes without one."""

    zone: ZoneInfo
    drop_unreadable_hashes: bool = False


def user_of(row: Row, rules: Rules) -> User:
    """The person of a row of `users`; `Unfit` for one who cannot be moved."""
    user_id, email, password_hash, key_salt, created_at = row
    return User(
        user_id=identity(user_id, "user_id"),
        email=_email(email),
        password_hash=_hash(password_hash, rules),
        key_salt=salt(key_salt),
        created_at=moment(created_at, "created_at", rules.zone),
    )


def file_of(row: Row, rules: Rules) -> AudioFile:
    """The recording of a row of `audio_files`; `Unfit` for one that cannot be moved."""
    file_id, user_id, s3_key, file_size, uploaded_at = row
    owner, key = identity(user_id, "user_id"), _text(s3_key, "s3_key", object_keys.LONGEST)
    if object_keys.is_decrypted(key):
        raise Unfit("s3_key is where decrypted recordings are kept for a day")
    return AudioFile(
        file_id=identity(file_id, "file_id"),
        user_id=owner,
        s3_key=key,
        file_size=_size(file_size),
        uploaded_at=moment(uploaded_at, "uploaded_at", rules.zone),
        # the seed's address recorded any key for anybody: one in another's folder opens nothing
        owns_object=object_keys.owner_named_by(key) in {None, owner} or not _names_a_person(key),
    )


def _names_a_person(key: str) -> bool:
    """Whether the folder of a key can be somebody's: ids are UUIDs or numbers, where the seed's example is neither."""
    owner = object_keys.owner_named_by(key) or ""
    return owner.isdecimal() or object_keys.is_anothers(key, "")


def identity(value: object, name: str) -> str:
    """An id as text: numbers and UUIDs too. One that the application would take for something else is refused."""
    text = _text(value, name, LONGEST_ID)
    if "/" in text or "#" in text or CONTROL.search(text) or text in {".", "..", NOBODY}:
        raise Unfit(f"{name} holds a sign, or is a word, that means something else to the application")
    return text


def _text(value: object, name: str, longest: int) -> str:
    if value is None:
        raise Unfit(f"{name} is missing")
    if isinstance(value, bool | float | Decimal | bytes):
        raise Unfit(f"{name} is a {type(value).__name__}, not text")
    text = str(value)
    if not text:
        raise Unfit(f"{name} is empty")
    length = size(text)
    if not length:
        raise Unfit(f"{name} holds bytes that are not text")
    if length > min(longest, LONGEST[0]):
        raise Unfit(f"{name} is longer than {longest} bytes")
    return text


def _email(value: object) -> str:
    """The email in the form in which it is claimed; whoever has none, or an impossible one, could not sign in."""
    if value is None:
        raise Unfit("email is missing, so that nobody could sign in")
    text = str(value)
    if text and not size(text):
        raise Unfit("email holds bytes that are not text")
    try:
        return normal_email(text)
    except InvalidRequest:
        raise Unfit("email is not an email address, so that nobody could sign in with it") from None


def kind_of_hash(value: object) -> str:
    """What kind of hash a column holds: one that we verify, or the first word of it."""
    if value is None:
        return "none"
    text = _decoded(value)
    try:
        if text.startswith("$2"):
            check_bcrypt(text)
            return "bcrypt"
        return f"argon2{Argon2Hash.read(text).kind.name.lower()}"
    except UnusableHash:
        known = re.match(r"\$?(argon2id|argon2i|argon2d|2[abxy]?|pbkdf2[a-z0-9_-]*|scrypt|md5|sha\d+|[156y])[:$]", text)
        return f"unreadable ({known[1]})" if known else "unreadable"


def _hash(value: object, rules: Rules) -> str | None:
    """The hash as it is, if the application can verify it; who has none sets a password by a link to the mailbox."""
    if value is None:
        return None
    if not kind_of_hash(value).startswith("unreadable"):
        return _decoded(value)
    if rules.drop_unreadable_hashes:
        return None
    raise Unfit("password_hash is neither Argon2 nor bcrypt, or costs more to verify than the application spends")


def _decoded(value: object) -> str:
    return bytes(value).decode("ascii", "replace") if isinstance(value, bytes | memoryview) else str(value)


def salt(value: object) -> bytes:
    """The salt's bytes: of bytea, of hex, or of base64. One that is missing is made anew at the first sign-in."""
    if value is None:
        return b""
    raw = bytes(value) if isinstance(value, bytes | memoryview | bytearray) else _salt_of_text(str(value))
    if len(raw) > LONGEST_SALT:
        raise Unfit(f"key_salt is longer than {LONGEST_SALT} bytes")
    if len(raw) != SALT_BYTES and isinstance(value, bytes | memoryview) and raw.isascii():
        written = _maybe(raw.decode("ascii"))  # text that somebody has put into a column of bytes
        return written if written is not None and len(written) == SALT_BYTES else raw
    return raw


def _salt_of_text(text: str) -> bytes:
    read = _maybe(text.strip())
    if read is None:
        raise Unfit("key_salt is neither hex nor base64")
    return read


def _maybe(text: str) -> bytes | None:
    if found := HEX.fullmatch(text):
        return bytes.fromhex(found[1])
    try:
        return b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None


def _size(value: object) -> int | None:
    """The size in bytes, if it was known."""
    if value is None:
        return None
    try:
        whole = int(value) if isinstance(value, Decimal | float) else int(str(value))
    except (ValueError, ArithmeticError):
        raise Unfit("file_size is not a whole number") from None
    if whole != value and not isinstance(value, str):
        raise Unfit("file_size is not a whole number")
    if not 0 <= whole <= LARGEST:
        raise Unfit("file_size is not the size of a file")
    return whole


def moment(value: object, name: str, zone: ZoneInfo) -> datetime:
    """A time, aware and in UTC: of a timestamp with or without a zone, of seconds since 1970, or of ISO text."""
    if value is None:
        raise Unfit(f"{name} is missing")
    try:
        if isinstance(value, int | float | Decimal):
            return datetime.fromtimestamp(float(value), UTC)
        given = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise Unfit(f"{name} is no time that can be kept") from None
