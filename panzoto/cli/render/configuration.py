"""`docs/configuration.md`: every variable, from the declaration of `config.py`."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import Any

import env
import formats
from config import SECRET_BYTES, Config
from providers import Provider

from .markdown import table

# A section goes from this variable to the next section's, in the order of config.py.
SECTIONS = {
    "FLASK_ENV": "Secrets, tokens and codes",
    "AWS_REGION": "AWS",
    "S3_BUCKET": "Recordings",
    "USERS_TABLE": "Tables",
    "MAIL_SENDER": "Mail and SMS",
    "PORT": "Serving",
}
# Declared elsewhere, because the service does not read them.
RUN = [
    ("PORT", "The port of the backend.", "`5000`"),
    ("EMULATOR_PORT", "The port of the embedded AWS.", "`4566`"),
    ("PANZOTO_DATA", "The folder that keeps the data, the secrets and the log.", "`.panzoto`"),
    ("RELOAD", "`1` starts the backend again when its code changes.", "`0`"),
]
TESTS = [
    ("PANZOTO_TEST_ENDPOINT", "Another DynamoDB that the storage tests run on besides; `AWS_*` name its account.", ""),
    (
        "CI",
        "`true` tries all, what takes long too; and a test fails that would be skipped because a program is missing.",
        "",
    ),
    ("CANARIES", "`1` looks afterwards whether a secret that the tests have seen is where it must not be.", ""),
    ("SCREENSHOTS", "A folder for new pictures of the console's pages, which its tests take.", ""),
]
OTHERS = [
    ("PROMETHEUS_MULTIPROC_DIR", "Where the processes of gunicorn add up their metrics.", "a folder of its own"),
    ("PANZOTO_METRICS", "A folder where several gunicorns of a machine add up together; it outlives them.", "unset"),
    (
        "FLASK_SKIP_DOTENV",
        "`1` keeps the `flask` command from reading `.env` before us, which it does in production too.",
        "`0`",
    ),
]
HEADINGS = ("variable", "what it says", "default")
INTRODUCTION = """\
# Configuration

Rendered by `make render` from `config.py`; a change here is lost and fails a test.

The service reads these variables once, when it starts. What is wrong with them ends the start with a sentence for each
fault, all at once. A variable that is set to nothing has its default. In development (`FLASK_ENV=development`, in the
environment or in the file) `.env` fills what the environment does not set; production never reads it.

- **Durations** are written as Go writes them: `500ms`, `15m`, `168h`, `1h30m`; days too, `90d`. Ten years at most.
- **Switches** are `1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off`.
- **Lists** have commas between their parts; commas alone are refused.
- **Secrets** appear in no message and in no log.
"""
PROVIDERS = """\
For each name in `OAUTH_PROVIDERS`, in capitals in place of `<NAME>`: `OAUTH_WORK_ISSUER` for `work`. `google` needs
only its client; [OAuth](oauth.md) tells how to set up both.
"""
PRODUCTION = f"""\
## What production refuses

- `SECRET_KEY`, `JWT_SECRET_KEY`, `SECRET_KEY_PREVIOUS`, `JWT_SECRET_KEY_PREVIOUS` or `METRICS_TOKEN` shorter than
  {SECRET_BYTES} bytes, easy to guess, or known from a document.
- `PUBLIC_URL` without https: links with secrets in them begin with it.
- `TRUSTED_PROXIES` of 0 while `BIND` is the machine itself: limits would take all people for the one proxy.
- `MAIL_FROM` that is not set; `SMTP_SECURITY=none`, unless `SMTP_HOST` is the machine itself.
- `OTP_TEST_MODE`, which stores codes in clear.
- `AWS_ENDPOINT_URL` or `DYNAMODB_ENDPOINT` that is a machine of one's own: no TLS, a bare name, a private address.
- `OUTBOX_URL`, which shows what others were sent.
- `OAUTH_<NAME>_ISSUER` that is the machine itself.
- no credentials of AWS, neither a role nor `AWS_ACCESS_KEY_ID`.
"""
EVERYWHERE = """\
## What is refused everywhere

- neither `SECRET_KEY` nor `JWT_SECRET_KEY`.
- half of a pair: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, without which there is no `AWS_SESSION_TOKEN` either;
  `ANDROID_PACKAGE` and `ANDROID_CERT_SHA256`; `SMTP_USER` and `SMTP_PASSWORD`.
- two for one: `JWT_KEYS_FILE` and `JWT_KEYS_SECRET_ID`; two variables that name one table; two `OAUTH_PROVIDERS` with
  one issuer.
- `CORS_ORIGINS` with `*` while `CORS_CREDENTIALS` is on.
- `MAIL_SENDER=smtp` without `SMTP_HOST`; `SMTP_SECURITY=none` with `SMTP_USER`, whose password would go in clear.
- a provider without an issuer or a client, or with two clients; `google` that is anywhere but at Google.
- `ARGON2_MEMORY_KIB`, `ARGON2_ITERATIONS` and `ARGON2_PARALLELISM` that are together less than OWASP asks for.
- a ring of keys or templates (`MESSAGES_DIR`) that are not where the configuration says, or cannot be used.
- `JWT_REFRESH_EXPIRY` or `SESSION_IDLE_EXPIRY` shorter than `JWT_ACCESS_EXPIRY`, `OTP_EXPIRY` shorter than
  `OTP_RESEND_DELAY`, `UPLOADS_ABANDONED_AFTER` shorter than `UPLOAD_URL_EXPIRY`.
- `OAUTH_TIMEOUT` below 100ms or above 10s, `OAUTH_REFRESH_MARGIN` above 30m, and other times out of their bounds:
"""


def page() -> str:
    """The page."""
    bounds = [(f"`{name}`", shortest, longest, why) for name, _, shortest, longest, why in Config().bounds()]
    parts = [INTRODUCTION, PRODUCTION, EVERYWHERE, table(("variable", "from", "to", "because"), bounds)]
    for title, variables in _sections().items():
        parts += [f"## {title}\n", table(HEADINGS, map(_row, variables))]
    of_each = [_row(each, "OAUTH_<NAME>_") for each in env.declared(Provider)]
    parts += ["## Each provider\n", PROVIDERS, table(HEADINGS, of_each)]
    for title, rows in (("`make run`", RUN), ("Tests", TESTS), ("Read by what we stand on", OTHERS)):
        coded = [(f"`{name}`", says, default or "unset") for name, says, default in rows]
        parts += [f"## {title}\n", table(HEADINGS, coded)]
    return "\n".join(parts)


def _sections() -> dict[str, list[Field[Any]]]:
    sections: dict[str, list[Field[Any]]] = {}
    title = ""
    for each in fields(Config):
        title = SECTIONS.get(each.metadata["name"], title)
        sections.setdefault(title, []).append(each)
    return sections


def _row(variable: Field[Any], prefix: str = "") -> tuple[str, str, str]:
    given = variable.metadata
    says = given["says"]
    if given["instead"]:
        says += f" Unset, `{given['instead']}` stands in."
    if given["secret"]:
        says += " **Secret.**"
    return f"`{prefix}{given['name']}`", says, _default(variable)


def _default(variable: Field[Any]) -> str:
    text, default = variable.metadata["default_text"], variable.default
    if text:
        return f"`{text}`" if variable.metadata["parse"] is formats.duration else str(text)
    if isinstance(default, bool):
        return f"`{int(default)}`"
    return "unset" if default in (None, "") else f"`{default}`"
