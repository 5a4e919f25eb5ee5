"""An item of 16 attributes on its way to DynamoDB and back: our encoder and decoder against boto3's.

boto3's decoder gives numbers as Decimal and bytes as Binary, as its resource layer does.
"""

from __future__ import annotations

from decimal import Decimal

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from benchmarks.measuring import Measured, compare
from panzoto.models.store.wire import decode_item, encode_item

VERSIONS_OF = ("boto3",)
ITEM = {
    "user_id": "0b7f9a9e-55a4-4a51-9f0e-6f3f1b8f2c11",
    "email": "somebody@example.com",
    "phone_number": "+4915112345678",
    "password_hash": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
    "key_salt": "5f" * 32,
    "created_at": 1_760_000_000,
    "created_at_iso": "2025-10-09T08:53:20.000000+00:00",
    "updated_at": 1_760_000_100,
    "is_active": True,
    "failed_logins": 0,
    "quota_bytes": Decimal("10737418240.5"),
    "wrapped_audio_key": bytes(range(60)),
    "roles": {"admin", "support"},
    "devices": ["pixel-8", "tablet"],
    "kdf": {"name": "argon2id", "version": 19, "memory_kib": 65536, "iterations": 3, "parallelism": 4},
    "deleted_at": None,
}
WIRE = encode_item(ITEM)


def run() -> list[Measured]:
    """Both ways, each compared with boto3's."""
    serializer, deserializer = TypeSerializer(), TypeDeserializer()
    encoded = compare(
        {
            "encode, boto3": lambda: {name: serializer.serialize(value) for name, value in ITEM.items()},
            "encode, ours": lambda: encode_item(ITEM),
        }
    )
    decoded = compare(
        {
            "decode, boto3": lambda: {name: deserializer.deserialize(value) for name, value in WIRE.items()},
            "decode, ours": lambda: decode_item(WIRE),
        }
    )
    return encoded + decoded
