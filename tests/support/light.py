"""Hashes that take a millisecond, for tests of everything but hashing: Argon2id as ever, of less memory.

In CI the tests hash as the configuration says.
"""

from __future__ import annotations

from dataclasses import replace

from panzoto.crypto.codes import Codes
from panzoto.crypto.digests import derived_key
from panzoto.crypto.keys import PasswordKeys
from panzoto.crypto.passwords import Passwords
from panzoto.crypto.profiles import Cost, Profile
from panzoto.deps import Deps
from tests.support.effort import IN_CI


class Light(Profile):
    """A profile that is far from what OWASP asks for."""

    def __post_init__(self) -> None:
        Cost.__post_init__(self)


PROFILE = Light(1024, 1, 1)
# The lightest of OWASP's, which the tests configure.
USUAL = (12288, 3, 1)


def lightly(deps: Deps) -> Deps:
    """The same parts with light hashes, unless they have been configured to be heavier than the tests' are."""
    if IN_CI or deps.passwords.profile.numbers != USUAL:
        return deps
    gate = deps.passwords.gate
    passwords = Passwords(PROFILE, gate)
    codes = Codes(derived_key(deps.config.secret_key, "codes/v1"), passwords, deps.config.otp_length)
    return replace(deps, passwords=passwords, password_keys=PasswordKeys(PROFILE, gate), codes=codes)
