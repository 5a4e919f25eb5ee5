"""What the parsers of ours read: each with its real inputs, and with what it refuses others."""

from __future__ import annotations

import io
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestedRangeNotSatisfiable

import formats
import limits
import providers
from panzoto.crypto.content_tokens import ContentTokens, Grant, Holder
from panzoto.crypto.cursors import Cursors
from panzoto.crypto.purposes import Purpose, Purposes
from panzoto.crypto.recovery import new_recovery_key, recovery_wrapping_key
from panzoto.crypto.refresh import MOST_TURNS, RefreshTokens
from panzoto.crypto.streaming.audio import AudioDecryptor
from panzoto.deps import build
from panzoto.errors import (
    AudioDamaged,
    ContentTokenNeeded,
    CountryNotServed,
    InvalidCursor,
    InvalidRequest,
    LinkInvalid,
    RecoveryKeyMistyped,
    TokenExpired,
    TokenInvalid,
)
from panzoto.flows import approvals_csv
from panzoto.flows._addresses import normal_email
from panzoto.flows._phones import normal_phone
from panzoto.flows.client import Client
from panzoto.messages.devices import device
from panzoto.messages.languages import language
from panzoto.models import object_keys
from panzoto.web import ranges
from tests.crypto.streams import KEY, NAME, SHORT, encrypted
from tests.crypto.tokens import KEYS, NOW, WHO, access
from tests.support.configs import configured
from tests.support.rigs import NOWHERE


@dataclass(frozen=True, kw_only=True)
class Parser:
    """Something of ours that reads what anybody sends; of what is sealed nothing is read but what we have made."""

    read: Callable[[Any], Any]
    real: st.SearchStrategy[Any]
    refuses: tuple[type[Exception], ...] = ()
    is_sealed: bool = False
    of_bytes: bool = False


REFRESH, CURSORS, PURPOSES = RefreshTokens(bytes(range(32))), Cursors(bytes(range(32))), Purposes(bytes(range(32)))
CONTENT, HOLDER, ACCESS = ContentTokens(bytes(range(32))), Holder("user-1", "ses_1", "f"), access(KEYS["EdDSA"])
ISSUED = [PURPOSES.issue(Purpose.MAGIC_LINK) for _ in range(20)]
DIGESTS = {each.token_id: each.secret_digest for each in ISSUED}
DEPS = build(configured("1" * 12, NOWHERE))
SIDS = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=64)
LENGTH = 10_000
ADDRESSES = st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str)
AGENTS = [
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile Safari/537.36",
    "okhttp/4.12.0",
    "Panzoto/1.2 (Android 14; sdk 34)",
]


def _link(text: str) -> str:
    opened = PURPOSES.open(Purpose.MAGIC_LINK, text)
    PURPOSES.check(opened, DIGESTS.get(opened.token_id, ""))
    return opened.token_id


def _range(said: str) -> Any:
    return ranges.wanted(Headers({"Range": said.replace("\n", "").replace("\r", "")}), '"etag"', LENGTH)


def _approvals(text: str) -> list[Any]:
    return [approvals_csv.approval_of(row) for row in approvals_csv.rows(io.StringIO(text), "f.csv")]


def _key(text: str) -> Any:
    object_keys.check(text)
    return object_keys.issued(text), object_keys.file_id_of(text)


def _grant(size: int) -> str:
    until = NOW + timedelta(minutes=5)
    return CONTENT.seal(Grant(expires_at=until, size=size, header=bytes(40), etag='"e"', key=bytes(32)), HOLDER)


PARSERS: dict[str, Parser] = {
    "refresh token": Parser(
        read=REFRESH.read,
        real=st.builds(REFRESH.mint, SIDS, st.integers(0, MOST_TURNS - 1)),
        refuses=(TokenInvalid,),
        is_sealed=True,
    ),
    "access token": Parser(
        read=lambda text: ACCESS.read(text, NOW),
        real=st.builds(lambda _: ACCESS.mint(WHO, NOW), st.none()),
        refuses=(TokenInvalid, TokenExpired),
        is_sealed=True,
    ),
    "cursor": Parser(
        read=lambda text: CURSORS.open(b"a list", text),
        real=st.builds(lambda said: CURSORS.seal(b"a list", said), st.binary(max_size=200)),
        refuses=(InvalidCursor,),
        is_sealed=True,
    ),
    "magic link": Parser(
        read=_link, real=st.sampled_from([each.text for each in ISSUED]), refuses=(LinkInvalid,), is_sealed=True
    ),
    "content token": Parser(
        read=lambda text: CONTENT.open(text, HOLDER, NOW),
        real=st.builds(_grant, st.integers(0, 2**40)),
        refuses=(ContentTokenNeeded,),
        is_sealed=True,
    ),
    "recording": Parser(
        read=lambda data: b"".join(AudioDecryptor(KEY, NAME, SHORT).decrypt(io.BytesIO(data))),
        real=st.builds(encrypted, st.binary(max_size=400)),
        refuses=(AudioDamaged,),
        is_sealed=True,
        of_bytes=True,
    ),
    "recovery key": Parser(
        read=lambda text: recovery_wrapping_key(text, "user-1"),
        real=st.builds(lambda _: new_recovery_key(), st.none()),
        refuses=(RecoveryKeyMistyped,),
    ),
    "email": Parser(read=normal_email, real=st.emails().filter(lambda each: len(each) < 60), refuses=(InvalidRequest,)),
    "phone number": Parser(
        read=lambda text: normal_phone(DEPS, text),
        real=st.sampled_from(["+14155552671", "+44 (0)20 7946 0000", "+1.415.555.2671"]),
        refuses=(InvalidRequest, CountryNotServed),
    ),
    "forwarded address": Parser(
        read=lambda text: Client(text, "", "en").network,
        real=ADDRESSES | st.builds("{}:{}".format, st.ip_addresses(v=4), st.integers(0, 2**16)),
    ),
    "Range": Parser(
        read=_range,
        real=st.builds("bytes={}-{}".format, st.integers(0, LENGTH - 1), st.integers(LENGTH)),
        refuses=(RequestedRangeNotSatisfiable,),
    ),
    "Accept-Language": Parser(read=language, real=st.sampled_from(["de-AT,de;q=0.9,en;q=0.8", "en", "*;q=0.1"])),
    "User-Agent": Parser(read=device, real=st.sampled_from(AGENTS)),
    "key of S3": Parser(
        read=_key,
        real=st.builds(object_keys.new, SIDS, SIDS, st.sampled_from(["a.3gp", "Müller.m4a", "x"])),
        refuses=(InvalidRequest,),
    ),
    "approvals": Parser(
        read=_approvals,
        real=st.sampled_from(["email\na@example.com\n", 'email,expires_at,notes\r\na@b.de,2030-01-31,"a, b"\r\n']),
        refuses=(InvalidRequest,),
    ),
    "duration": Parser(
        read=formats.duration, real=st.sampled_from(["15m", "1h30m", "90d", "500ms"]), refuses=(ValueError,)
    ),
    "limits": Parser(
        read=limits.changed, real=st.sampled_from(["login.account=5/10m,forgot.address=3/1h"]), refuses=(ValueError,)
    ),
    "providers": Parser(read=providers.named, real=st.sampled_from(["google", "google,apple"]), refuses=(ValueError,)),
}
