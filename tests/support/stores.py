"""The stores that the storage tests run on."""

from __future__ import annotations

import os

ENDPOINT = os.environ.get("PANZOTO_TEST_ENDPOINT")
# Those that are spoken to over HTTP, and the one that is not.
SERVED = ["ministack", *(["endpoint"] if ENDPOINT else [])]
STORES = ["moto", *SERVED]

# How the endpoint wants to be spoken to, read before the tests forget what the machine knows of AWS.
SETTINGS = {
    setting: os.environ[name]
    for setting, name in {
        "aws_access_key_id": "AWS_ACCESS_KEY_ID",
        "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
        "aws_session_token": "AWS_SESSION_TOKEN",
        "aws_region": "AWS_REGION",
    }.items()
    if os.environ.get(name)
}
