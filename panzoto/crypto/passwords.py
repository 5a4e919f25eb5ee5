"""Passwords are kept as Argon2id hashes, and verified exactly as they were typed: untrimmed, not normalised."""

from __future__ import annotations

import secrets
from base64 import b64encode
from contextlib import suppress
from typing import NoReturn

import bcrypt
from argon2.exceptions import HashingError, VerificationError, VerifyMismatchError
from argon2.low_level import ARGON2_VERSION, Type, error_to_str, hash_secret, verify_secret

from panzoto.crypto.gate import Gate
from panzoto.crypto.profiles import HASH_BYTES, SALT_BYTES, Argon2Hash, Profile, UnusableHash, check_bcrypt
from panzoto.errors import InvalidRequest, Overloaded, WrongPassword

# bcrypt reads no more, and what came after was never part of the hash. It holds for migrated hashes alone.
BCRYPT_BYTES = 72
# Argon2's two errors that are the machine's and not the hash's: no memory (-22) and no thread (-33).
OUT_OF_MEANS = {error_to_str(-22), error_to_str(-33)}


class Passwords:
    """Hashes with one profile and verifies what we ever kept; every computation passes the gate.

    All of them raise `Overloaded` when the gate is full.
    """

    def __init__(self, profile: Profile | None = None, gate: Gate | None = None) -> None:
        self.profile = profile or Profile()
        self.gate = gate or Gate()
        self._nobodys = _hash_of_nobody(self.profile)

    def expect_room(self) -> None:
        """Raise `Overloaded` if a hash would be refused now."""
        self.gate.expect_room()

    def hash(self, password: str) -> str:
        """The Argon2id hash to keep, with its salt and parameters inside; `InvalidRequest` for what is not text."""
        typed = as_typed(password)
        salt = secrets.token_bytes(SALT_BYTES)
        memory_kib, iterations, lanes = self.profile.numbers
        try:
            with self.gate.passing():
                return hash_secret(typed, salt, iterations, memory_kib, lanes, HASH_BYTES, Type.ID).decode()
        except HashingError as fault:
            raise Overloaded from fault  # with a profile within the bounds, all that can be wanting is memory

    def verify(self, stored_hash: str, password: str) -> None:
        """Raise `WrongPassword` unless this is the password: of Argon2, or of the bcrypt of a migrated user.

        `UnusableHash`, a `WrongPassword`, says that the hash itself was refused, unread or before it could cost us.
        """
        try:
            typed = as_typed(password)
        except InvalidRequest:
            raise WrongPassword from None
        verify = self._verify_bcrypt if stored_hash.startswith("$2") else self._verify_argon2
        try:
            verify(stored_hash, typed)
        except UnusableHash:
            with suppress(WrongPassword):
                self._verify_argon2(self._nobodys, typed)
            raise

    def verify_nobody(self, password: str) -> NoReturn:
        """Raise `WrongPassword` after as much work as `verify` does, so that nobody learns who has an account."""
        self.verify(self._nobodys, password)
        raise WrongPassword

    def needs_rehash(self, stored_hash: str) -> bool:
        """Whether the hash is of another kind, or has other parameters, than the profile's."""
        try:
            return not Argon2Hash.read(stored_hash).is_of(self.profile)
        except UnusableHash:
            return True

    def _verify_argon2(self, stored: str, typed: bytes) -> None:
        kind = Argon2Hash.read(stored).kind
        try:
            with self.gate.passing():
                verify_secret(stored.encode(), typed, kind)
        except VerifyMismatchError:
            raise WrongPassword from None
        except VerificationError as fault:
            raise (Overloaded if str(fault) in OUT_OF_MEANS else UnusableHash) from fault

    def _verify_bcrypt(self, stored: str, typed: bytes) -> None:
        check_bcrypt(stored)
        # bcrypt repeats the password with a NUL between, so that "a" and "a\0a" are one to it: whoever typed a NUL
        # never had this hash made
        try:
            with self.gate.passing():
                right = bcrypt.checkpw(typed[:BCRYPT_BYTES], stored.encode())
        except ValueError as fault:
            raise UnusableHash from fault
        if not right or b"\0" in typed:
            raise WrongPassword


def as_typed(password: str) -> bytes:
    """A password as bytes, unchanged; `InvalidRequest` for lone surrogates, which are not text."""
    try:
        return password.encode()
    except UnicodeEncodeError:
        raise InvalidRequest("The password holds characters that are not text.") from None


def _hash_of_nobody(profile: Profile) -> str:
    """A hash of the profile that no password has: its 256 bits were drawn, not computed."""
    salt, drawn = (b64encode(secrets.token_bytes(length)).rstrip(b"=").decode() for length in (SALT_BYTES, HASH_BYTES))
    costs = f"m={profile.memory_kib},t={profile.iterations},p={profile.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${drawn}"
