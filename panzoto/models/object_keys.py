"""Names of objects in the bucket: which of them are ours, whose they are, and which recording each one is."""

from __future__ import annotations

import re
import unicodedata
import uuid
from dataclasses import dataclass
from urllib.parse import unquote

from panzoto.errors import InvalidRequest

LONGEST = 1024
# What decrypted recordings are kept under, for a day; nobody records one of those.
DECRYPTED = "decrypted"
PEOPLE = "users"
TRANSCRIPTS = "transcripts"
UNKNOWN_KIND = "bin"
KIND = re.compile(r"\.([A-Za-z0-9]{1,10})\Z", re.ASCII)
ISSUED = re.compile(
    r"users/([^/]+)/([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\.[a-z0-9]{1,10}", re.ASCII
)
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "panzoto/audio-files/v1")


@dataclass(frozen=True)
class Issued:
    """What a key says that `new` has made."""

    user_id: str
    file_id: str


def new(user_id: str, file_id: str, filename: str) -> str:
    """The key of a new recording: `users/<user_id>/<file_id>.<ext>`. Of the name only a plain ending is kept."""
    return f"{prefix(user_id)}{file_id}.{ending(filename)}"


def decrypted_of(user_id: str, file_id: str) -> str:
    """What the keys of a recording's decrypted copies begin with. Ids that older software gave may hold anything."""
    return f"{DECRYPTED}/{user_id}/{_room(file_id)}/"


def transcript_of(user_id: str, file_id: str) -> str:
    """The key of a recording's transcript, which is sealed. An upload never has such a key."""
    return f"{prefix(user_id)}{TRANSCRIPTS}/{_room(file_id)}.sealed"


def _room(file_id: str) -> str:
    return file_id if _is_uuid(file_id) else str(uuid.uuid5(NAMESPACE, f"id:{file_id}"))


def prefix(user_id: str) -> str:
    """What every key of a person begins with."""
    return f"{PEOPLE}/{user_id}/"


def issued(key: str) -> Issued | None:
    """Whose key it is and of which recording, if `new` can have made it."""
    found = ISSUED.fullmatch(key)
    return Issued(found[1], found[2]) if found else None


def file_id_of(key: str) -> str:
    """The id of the recording under a key, the same each time: so the primary key of its record claims the s3_key.

    Keys that `new` made name it. Of any other it is derived, as a UUID of version 5, which `new` never makes.
    """
    found = issued(key)
    return found.file_id if found else derived_id(key)


def derived_id(key: str) -> str:
    """The id that follows from a key whatever it says: where the key is believed, or not one of ours."""
    return str(uuid.uuid5(NAMESPACE, key))


def is_anothers(key: str, user_id: str) -> bool:
    """Whether a key is in the part of the bucket of somebody else, as far as it tells: ids that we give are UUIDs."""
    owner = owner_named_by(key)
    return owner not in {None, user_id} and _is_uuid(owner or "")


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def is_decrypted(key: str) -> bool:
    """Whether a key is where decrypted recordings are kept for a while."""
    return key.partition("/")[0] == DECRYPTED


def ending(key: str) -> str:
    """The ending of a key as a name of a file may have it."""
    kind = KIND.search(key)
    return kind[1].lower() if kind else UNKNOWN_KIND


def owner_named_by(key: str) -> str | None:
    """The person in whose part of the bucket a key is, if it is in anybody's."""
    first, *rest = key.split("/", 2)
    return rest[0] if first == PEOPLE and len(rest) > 1 else None


def check(key: str) -> None:
    """Raise for text that is no key of an object, or that a program may take for a way to somewhere else."""
    if len(key.encode()) > LONGEST:
        raise _refused(f"is longer than {LONGEST} bytes")
    if any(unicodedata.category(sign) in {"Cc", "Zl", "Zp"} for sign in key):
        raise _refused("must not hold control characters")
    read = key
    for _ in range(3):  # as it is, and as programs read it that undo what addresses need
        if any(part in {"", ".", ".."} for part in read.replace("\\", "/").split("/")):
            raise _refused("must not hold empty, . or .. parts")
        read = unquote(read)


def _refused(problem: str) -> InvalidRequest:
    details = [{"field": "s3_key", "problem": problem}]
    return InvalidRequest(f"The request is not valid: s3_key {problem}.", details=details)
