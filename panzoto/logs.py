"""Log lines are JSON, one an event, and never hold a secret, an email or a phone number."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
BITS = 64  # of the largest number that JSON takes here
SECRET_NAMES = re.compile(
    r"pass(word|wd|phrase|code)|\bpwd|secret|token|otp|(?<![a-z])code(?![a-z])|authorization|cookie|(_|api|\b)key\b"
    r"|credential|signature|verifier|pepper|private|recovery|wrapped|jwt|hash",
    re.IGNORECASE,
)
# Names that look like secrets and are not.
OPEN_NAMES = frozenset({"token_type", "status_code", "key"})
PERSONAL = re.compile(
    r"(?P<jwt>\beyJ[\w-]{8,4096}\.[\w-]{1,4096}\.[\w-]{0,1024})"
    r"|(?P<bearer>(?<=bearer )[\w.~+/=-]{8,4096})"
    r"|(?P<basic>(?<=basic )[\w+/=-]{6,4096})"
    r"|(?P<refresh>\brt1\.[\w-]{1,64}\.\d{1,12}\.[\w-]{8,64})"
    r"|(?P<link>\btok_[A-Za-z0-9]{8,64}\.[\w-]{8,64})"
    r"|(?P<content>\bct1\.[\w-]{8,4096})"
    r"|(?P<secret>(?<=password=)[^\s&\"']{1,256}|(?<=signature=)[^\s&\"']{1,256})"
    r"|(?P<email>[^\s@<>\"'(),:;=]{1,64}(?:@|%40)[^\s@<>\"'(),:;=&]{1,255})"
    r"|(?P<phone>(?:\+|%2b)\d[\d .()-]{5,18}\d)",
    re.IGNORECASE,
)


# Whatever is personal has one of these in it, or is a token, which has such letters and a dot. Most texts have none.
SIGNS = re.compile(r"[@%+= ]")
TOKENS = re.compile(r"eyJ|rt1|tok_|ct1", re.IGNORECASE)
# Kinds of values that are shown as they are.
OPEN_KINDS = frozenset({bool, float, datetime, type(None)})


def clean(text: str) -> str:
    """The text without emails, phone numbers and tokens."""
    if SIGNS.search(text) is None and ("." not in text or TOKENS.search(text) is None):
        return text
    return PERSONAL.sub(lambda found: f"[{found.lastgroup}]", text)


def redacted(value: Any) -> Any:
    """The value without secrets and personal data, however deep they are."""
    kind = type(value)
    if kind is str:
        return clean(value)
    if kind in OPEN_KINDS or (kind is int and value.bit_length() < BITS):
        return value
    if isinstance(value, Mapping):
        return {clean(str(name)): _under(str(name), each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(each) for each in value]
    small = isinstance(value, int) and value.bit_length() < BITS
    if small or isinstance(value, float | datetime | None):
        return value
    # Whatever it is, its text is cleaned before it is written.
    return HIDDEN if isinstance(value, bytes) else clean(str(value))


@lru_cache(1024)
def _is_secret(name: str) -> bool:
    """Whether what stands under a name is a secret, as far as the name tells."""
    return SECRET_NAMES.search(name) is not None and name not in OPEN_NAMES


def _under(name: str, value: Any) -> Any:
    """What may be shown under a name."""
    if _is_secret(name) and not isinstance(value, bool | None):
        return HIDDEN
    return redacted(value)


def _redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {name: _under(name, value) for name, value in event.items()}


def _dumps(event: EventDict, **_: Any) -> str:
    try:
        return orjson.dumps(event, default=str).decode()
    except TypeError:  # a lone surrogate, say: no line is lost for it
        return json.dumps(event, default=str)


class _Lines:
    """Writes each event as a line of standard output; structlog calls it by the name of the level."""

    def msg(self, line: str) -> None:
        """Write one line."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    debug = info = warning = error = critical = msg


class _Foreign(logging.Handler):
    """Writes what libraries log the same way."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; one that cannot be formatted is told on standard error, and raised to nobody."""
        try:
            _Lines().msg(self.format(record))
        except (TypeError, ValueError):
            self.handleError(record)


def configure(level: str) -> None:
    """Send our events and those of every library to standard output, as JSON lines."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
        _redact,
        structlog.processors.JSONRenderer(serializer=_dumps),
    ]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=True,
    )
    foreign = _Foreign()
    foreign.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[foreign], level=level.upper(), force=True)
    for chatty in ("botocore", "boto3", "urllib3"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
