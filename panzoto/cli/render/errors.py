"""The page of errors: every one that a client can hear, from the table that answers them."""

from __future__ import annotations

from panzoto.web.errors import HTTP, TABLE


def page() -> str:
    """`docs/errors.md`."""
    rows = sorted((status, code, kind.sentence) for kind, (status, code) in TABLE.items())
    return "\n".join([HEAD, *_lines(rows), OF_HTTP, *_lines([(status, *told) for status, told in HTTP.items()]), TAIL])


def _lines(rows: list[tuple[int, str, str]]) -> list[str]:
    return [f"| {status} | `{code}` | {sentence} |" for status, code, sentence in rows]


HEAD = """<!-- Made by `make render` from `panzoto/web/errors.py`; change it there. -->
# Errors

Every error has one shape:

```json
{"error": "Too many attempts. Please wait before you try again.", "code": "rate_limited", "request_id": "9f1c…"}
```

`error` is for people and may be shown; `code` is for programs and does not change; `request_id` finds the request in
the logs, and stands in the header `X-Request-ID` of every answer. `details`, where it is there, is a list of
`{"field", "problem"}`. With 429 and 503 the header `Retry-After` says after how many seconds to come back.

What a phone should do: on 401 `token_expired` or `token_invalid` refresh; on 401 `session_ended`, and on any 401 of
`refresh` itself, ask for a sign-in; on 429, 500, 502, 503 and on no answer at all keep the tokens and try again later.

| status | code | sentence, as a rule |
|---|---|---|"""

OF_HTTP = """
Of HTTP itself:

| status | code | sentence |
|---|---|---|"""

TAIL = """
Anything else that goes wrong is a defect of ours: 500 `internal`.
"""
