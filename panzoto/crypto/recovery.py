"""The recovery key: 160 random bits that a person can keep on paper and type again.

It is written in Crockford's base32 (digits and capital letters without I, L, O, U), in seven groups of five signs with
dashes between. The first 32 signs are the 20 bytes, the last three make the whole, read as one number in base 32, leave
the remainder 1 modulo the prime 32749. So any one wrong sign and any two neighbours that changed places are always
noticed, and other mistakes all but once in 32749.

Its wrapping key is HKDF-SHA256 of the 20 bytes: no salt, info `panzoto/recovery-key/v1/<user_id>`, 32 bytes out.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from panzoto.errors import RecoveryKeyMistyped

SECRET_BYTES, KEY_BYTES = 20, 32
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
VALUES = {sign: value for value, sign in enumerate(ALPHABET)}
# What a hand writes and an eye reads for another: the sign that is meant.
MEANT = str.maketrans({"O": "0", "I": "1", "L": "1"})
BASE, PRIME, REMAINDER = len(ALPHABET), 32749, 1
SIGNS, GROUP = 35, 5
CHECKS: int = BASE**3
BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212_.]+")
LONGEST = 200


def new_recovery_key() -> str:
    """A new recovery key, as it is shown once."""
    number = int.from_bytes(secrets.token_bytes(SECRET_BYTES)) * CHECKS
    number += (REMAINDER - number) % PRIME
    signs = "".join(ALPHABET[number // BASE**place % BASE] for place in reversed(range(SIGNS)))
    return "-".join(signs[start : start + GROUP] for start in range(0, SIGNS, GROUP))


def recovery_wrapping_key(text: str, user_id: str) -> bytes:
    """The wrapping key that a typed recovery key gives for this user; `RecoveryKeyMistyped` when it has a mistake.

    Case, spaces and dashes do not matter; O is read as 0, I and L as 1.
    """
    info = f"panzoto/recovery-key/v1/{user_id}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(_secret(text))


def _secret(text: str) -> bytes:
    if len(text) > LONGEST:
        raise RecoveryKeyMistyped
    signs = BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper().translate(MEANT)
    if len(signs) != SIGNS or not VALUES.keys() >= set(signs):
        raise RecoveryKeyMistyped
    number = 0
    for sign in signs:
        number = number * BASE + VALUES[sign]
    secret, check = divmod(number, CHECKS)
    if number % PRIME != REMAINDER or check >= PRIME:
        raise RecoveryKeyMistyped
    return secret.to_bytes(SECRET_BYTES)
