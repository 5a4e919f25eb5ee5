"""The least that a call of DynamoDB can cost in Python: one signed POST on a kept connection, no retries, no questions.

It is a bound to measure against, and no client: it knows no errors, no credentials that change and no deadline.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import orjson
import urllib3

SECRET, ACCESS, REGION = "1", "1", "us-east-1"
SIGNED = "content-type;host;x-amz-date;x-amz-target"
TYPE = "application/x-amz-json-1.0"


class Floor:
    """Calls one address."""

    def __init__(self, address: str) -> None:
        self._host = address.removeprefix("http://")
        host, _, port = self._host.partition(":")
        self._pool = urllib3.HTTPConnectionPool(host, int(port), retries=False)
        self._keys: dict[str, bytes] = {}

    def call(self, operation: str, request: dict[str, Any]) -> Any:
        """The answer, as it is on the wire."""
        body, now = orjson.dumps(request), datetime.now(UTC)
        headers = self._signed(f"DynamoDB_20120810.{operation}", body, now.strftime("%Y%m%dT%H%M%SZ"))
        return orjson.loads(self._pool.urlopen("POST", "/", body, headers).data)

    def _signed(self, target: str, body: bytes, at: str) -> dict[str, str]:
        """The headers of a request, with its signature by AWS's fourth version."""
        lines = f"content-type:{TYPE}\nhost:{self._host}\nx-amz-date:{at}\nx-amz-target:{target}\n"
        canonical = f"POST\n/\n\n{lines}\n{SIGNED}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{at[:8]}/{REGION}/dynamodb/aws4_request"
        said = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self._key(at[:8]), said.encode(), "sha256").hexdigest()
        return {
            "Content-Type": TYPE,
            "Host": self._host,
            "X-Amz-Date": at,
            "X-Amz-Target": target,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS}/{scope}, SignedHeaders={SIGNED}, "
            f"Signature={signature}",
        }

    def _key(self, day: str) -> bytes:
        """The key of a day."""
        if day not in self._keys:
            key = f"AWS4{SECRET}".encode()
            for part in (day, REGION, "dynamodb", "aws4_request"):
                key = hmac.new(key, part.encode(), "sha256").digest()
            self._keys[day] = key
        return self._keys[day]
