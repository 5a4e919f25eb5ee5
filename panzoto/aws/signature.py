"""The signature of requests to DynamoDB, AWS's fourth version; the key of a day is derived once, and not for each."""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from botocore.utils import normalize_url_path

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

SERVICE, TYPE = "dynamodb", "application/x-amz-json-1.0"
PORTS = {"http": 80, "https": 443}


class Signer:
    """Makes the headers of requests to one address. Every header that says something to DynamoDB is signed."""

    def __init__(self, url: str, region: str) -> None:
        parts = urlsplit(url)
        name = parts.hostname or ""
        named = f"[{name}]" if ":" in name else name
        self._host = named if parts.port in {None, PORTS[parts.scheme]} else f"{named}:{parts.port}"
        self._path = quote(normalize_url_path(parts.path), safe="/~")
        self._region = region
        self._known: tuple[tuple[str, str], hmac.HMAC] | None = None

    def headers(self, target: str, body: bytes, at: datetime, by: ReadOnlyCredentials) -> dict[str, str]:
        """The headers of a POST of that body, signed."""
        said = f"{at.isoformat()[:19].replace('-', '').replace(':', '')}Z"
        headers = {"Content-Type": TYPE, "Host": self._host, "X-Amz-Date": said}
        if by.token:
            headers["X-Amz-Security-Token"] = by.token
        headers["X-Amz-Target"] = target
        # In the order of the alphabet, as the signature wants them.
        names = ";".join(headers).lower()
        lines = "".join(f"{name.lower()}:{value}\n" for name, value in headers.items())
        asked = f"POST\n{self._path}\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
        scope = f"{said[:8]}/{self._region}/{SERVICE}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{said}\n{scope}\n{sha256(asked.encode()).hexdigest()}"
        signing = self._signing(by.secret_key or "", said[:8])
        signing.update(text.encode())
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={by.access_key}/{scope}, SignedHeaders={names}, "
            f"Signature={signing.hexdigest()}"
        )
        return headers

    def _signing(self, secret: str, day: str) -> hmac.HMAC:
        """What signs with the key of a day. It is a copy: `hmac.digest` would give up the interpreter each time.

        The key is kept together with what it was made of, so that threads find a whole or nothing.
        """
        known, of = self._known, (secret, day)
        if known is None or known[0] != of:
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, SERVICE, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._known = known = (of, hmac.new(key, digestmod="sha256"))
        return known[1].copy()
