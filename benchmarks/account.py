"""One account as the application keeps it, and a DynamoDB that knows it and nobody else."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from benchmarks.canned import Rule
from panzoto.crypto.claims import SignIn
from panzoto.deps import Deps, build
from panzoto.flows import _audio_key
from panzoto.models.store.wire import encode_item
from panzoto.models.user import User, to_item
from tests.support.configs import configured

EMAIL, PASSWORD, USER_ID, DEVICE = "somebody@example.com", "SecurePassword123!", "user-1", "a-phone"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RECORDINGS = [
    {
        "file_id": f"aud_{number:032x}",
        "user_id": USER_ID,
        "s3_key": f"users/{USER_ID}/{number:032x}.3gp",
        "file_size": 1_234_567 + number,
        "uploaded_at": 1_760_000_000 + number,
        "uploaded_at_iso": "2025-10-09T08:53:20.000000+00:00",
        "filename": f"recording-{number}.3gp",
        "content_type": "audio/3gpp",
        "audio_key_version": 1,
        "owns_object": True,
    }
    for number in range(25)
]


@dataclass(frozen=True)
class Account:
    """What its owner signs in with, a token of a session of theirs, and what the tables know of it."""

    token: str
    rules: list[Rule]

    @property
    def login(self) -> str:
        """The body of a sign-in, from a device that is not known: the usual way of a flood."""
        return orjson.dumps({"email": EMAIL, "password": PASSWORD}).decode()


def answer(content: dict[str, Any], units: float = 1.0) -> bytes:
    """An answer as DynamoDB gives it; bytes go as base64."""
    consumed = {"TableName": "panzoto-users", "CapacityUnits": units}
    return orjson.dumps({**content, "ConsumedCapacity": consumed}, default=lambda given: b64encode(given).decode())


def account(hashes: dict[str, int] | None = None) -> Account:
    """The account, its password hashed by the profile of the configuration."""
    deps: Deps = build(configured("111111111111", "http://127.0.0.1:9", **(hashes or {})))
    salt = bytes(32)
    user = User(
        user_id=USER_ID,
        email=EMAIL,
        key_salt=salt,
        created_at=NOW,
        password_hash=deps.passwords.hash(PASSWORD),
        name="Somebody",
        audio_key=_audio_key.make(deps, USER_ID, PASSWORD, salt).audio_key,
        email_verified_at=NOW,
    )
    who = SignIn(user_id=USER_ID, sid="ses_" + "s" * 22, ep=0, amr=("pwd",), auth_time=deps.clock())
    token = deps.access_tokens.mint(who, deps.clock() - timedelta(seconds=1))
    return Account(token, _rules(to_item(user)))


def _rules(person: dict[str, Any]) -> list[Rule]:
    claim = {"PK": f"EMAIL#{EMAIL}", "SK": "EMAIL", "user_id": USER_ID}
    counted = {"PK": "RATE#x", "SK": "RATE", "Count": 1, "TTL": 1}
    return [
        ((b".GetItem", b"EMAIL#"), answer({"Item": encode_item(claim)})),
        ((b".GetItem",), answer({"Item": encode_item(person)})),
        ((b".Query",), answer({"Items": [encode_item(each) for each in RECORDINGS], "Count": 25, "ScannedCount": 25})),
        ((b".UpdateItem",), answer({"Attributes": encode_item(counted)})),
        ((b".BatchWriteItem",), orjson.dumps({"UnprocessedItems": {}, "ConsumedCapacity": []})),
        ((), answer({})),
    ]
