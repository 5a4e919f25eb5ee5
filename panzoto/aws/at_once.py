"""Connections that send the head and the body of a request together.

urllib3 sends the one and then the other, and each wakes whoever reads, gives up the interpreter and waits for it again.
"""

from __future__ import annotations

from typing import Any

from botocore.awsrequest import AWSHTTPConnection, AWSHTTPConnectionPool, AWSHTTPSConnection, AWSHTTPSConnectionPool


class _AtOnce:
    """What a request sends is held, and sent when it is whole. Requests of a connection never cross."""

    _held: list[bytes] | None = None

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request."""
        held: list[bytes] = []
        self._held = held
        try:
            super().request(*args, **kwargs)  # type: ignore[misc]
        finally:
            self._held = None
        self.send(b"".join(held))

    def send(self, data: Any) -> None:
        """Send something, or hold it."""
        if self._held is None:
            super().send(data)  # type: ignore[misc]
        else:
            self._held.append(data)


_HTTP: Any = AWSHTTPConnection  # which types-boto3 describes as no connection of urllib3
_HTTPS: Any = AWSHTTPSConnection


class _Plain(_AtOnce, _HTTP):  # type: ignore[misc]  # see above
    pass


class _Tls(_AtOnce, _HTTPS):  # type: ignore[misc]  # see above
    pass


class _PlainPool(AWSHTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(AWSHTTPSConnectionPool):
    ConnectionCls = _Tls


def send_at_once(session: Any) -> None:
    """Have botocore's session of HTTP make such connections."""
    session._pool_classes_by_scheme |= {"http": _PlainPool, "https": _TlsPool}  # noqa: SLF001 (it takes none otherwise)
