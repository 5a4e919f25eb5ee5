"""Keys derived from the service's secret."""

from __future__ import annotations

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from panzoto.crypto.digests import derived_key

SECRET = "a secret of the tests, 32 bytes and more"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text("abc/1", min_size=1))
def test_a_key_is_hkdf_with_the_purpose_as_its_info(secret: str, purpose: str) -> None:
    """RFC 5869, computed by hand: extract with no salt, expand one block under `panzoto/<purpose>`."""
    extracted = hmac.digest(bytes(32), secret.encode(), hashlib.sha256)
    expanded = hmac.digest(extracted, f"panzoto/{purpose}".encode() + b"\x01", hashlib.sha256)
    assert derived_key(secret, purpose) == expanded


def test_every_purpose_and_every_secret_has_a_key_of_its_own() -> None:
    """What is made with one key is worth nothing under another."""
    keys = {derived_key(secret, purpose) for secret in (SECRET, SECRET + "!") for purpose in ("cursor/v1", "otp/v1")}
    assert len(keys) == 4


def test_a_key_stays_the_same() -> None:
    """A cursor made before a restart works after it."""
    assert derived_key(SECRET, "cursor/v1") == derived_key(SECRET, "cursor/v1")
    assert len(derived_key(SECRET, "cursor/v1")) == 32
