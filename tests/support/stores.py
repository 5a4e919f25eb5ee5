"""The stores that the storage tests run on."""

from __future__ import annotations

import os

ENDPOINT = os.environ.get("PANZOTO_TEST_ENDPOINT")
# Those that are spoken to over HTTP, and the one that is not.
SERVED = ["ministack", *(["endpoint"] if ENDPOINT else [])]
STORES = ["moto", *SERVED]
