"""Configurations of tests: made directly, so that no environment leaks in."""

from __future__ import annotations

import random
from typing import Any

from config import Config

SECRET = "a secret of the tests, 32 bytes and more"
JWT_SECRET = "another secret of the tests, as long as that"


def new_account() -> str:
    """An account that nobody has used: MiniStack keeps apart what different access keys of 12 digits have made."""
    return f"{random.SystemRandom().randrange(10**11, 10**12)}"


def configured(account: str, endpoint: str | None, **changes: Any) -> Config:
    """A configuration of development for an account of an emulator."""
    settings: dict[str, Any] = {
        "environment": "development",
        "secret_key": SECRET,
        "jwt_secret_key": JWT_SECRET,
        "aws_endpoint": endpoint,
        "aws_access_key_id": account,
        "s3_bucket": f"panzoto-audio-{account}",  # the names of buckets are the world's, not the account's
        "aws_secret_access_key": "test",
        "figures_seconds": 0,  # a test that looks at them asks for them
    }
    return Config(**(settings | changes))
