"""One frozen Config, read once from the environment and validated at the start; no secret has a default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

import env
from env import var

SECRET_BYTES, SECRET_VARIETY = 32, 8
LOCAL_NAMES = (".local", ".localhost", ".internal")
# Secrets that a document, a tutorial or this project's own files have shown to the world.
PUBLISHED = frozenset(
    {
        "your-secret-key-change-this-in-production",
        "dev-secret-key-change-in-production",
        "your-32-char-secret-key-here-12345",
        "your-secret-key-32-characters",
        "test-secret-key-32-characters-long",
    }
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every setting of the service. `docs/configuration.md` is rendered from these lines."""

    environment: str = var(
        "FLASK_ENV",
        env.one_of("production", "development"),
        "production",
        says="`development` reads `.env` and allows what production refuses.",
    )
    secret_key: str = var(
        "SECRET_KEY",
        env.text,
        "",
        instead="JWT_SECRET_KEY",
        secret=True,
        says="At least 32 bytes that nobody else knows; page cursors and internal keys are derived from it.",
    )
    jwt_secret_key: str = var(
        "JWT_SECRET_KEY",
        env.text,
        "",
        instead="SECRET_KEY",
        secret=True,
        says="At least 32 bytes that sign access tokens (HS256).",
    )
    jwt_access_expiry: timedelta = var(
        "JWT_ACCESS_EXPIRY",
        env.duration,
        timedelta(minutes=15),
        default_text="15m",
        says="How long an access token works.",
    )
    jwt_refresh_expiry: timedelta = var(
        "JWT_REFRESH_EXPIRY",
        env.duration,
        timedelta(hours=168),
        default_text="168h",
        says="How long a session lasts, however often it is refreshed.",
    )
    otp_length: int = var("OTP_LENGTH", env.whole(6, 10), 6, says="Digits of a phone code.")
    otp_expiry: timedelta = var(
        "OTP_EXPIRY",
        env.duration,
        timedelta(minutes=10),
        default_text="10m",
        says="How long a phone code works.",
    )
    otp_max_attempts: int = var("OTP_MAX_ATTEMPTS", env.whole(1, 20), 5, says="Guesses allowed for one phone code.")
    otp_test_mode: bool = var(
        "OTP_TEST_MODE",
        env.flag,
        False,
        says="Keeps codes in clear in `OTP_TEST#` items, for tests. Production refuses it.",
    )

    aws_region: str = var("AWS_REGION", env.region, "us-east-1", says="The AWS region.")
    aws_access_key_id: str | None = var(
        "AWS_ACCESS_KEY_ID",
        env.text,
        secret=True,
        says="An access key; without one the role of the machine is used, which is better.",
    )
    aws_secret_access_key: str | None = var(
        "AWS_SECRET_ACCESS_KEY", env.text, secret=True, says="The secret half of the access key."
    )
    aws_session_token: str | None = var(
        "AWS_SESSION_TOKEN", env.text, secret=True, says="The session token of temporary credentials."
    )
    aws_endpoint: str | None = var(
        "AWS_ENDPOINT_URL",
        env.url,
        says="Another address for every AWS service, for an emulator. Production refuses a local one.",
    )
    dynamodb_region: str | None = var(
        "DYNAMODB_REGION", env.region, default_text="`AWS_REGION`", says="The region of the tables."
    )
    dynamodb_endpoint: str | None = var(
        "DYNAMODB_ENDPOINT",
        env.url,
        default_text="`AWS_ENDPOINT_URL`",
        says="Another address for DynamoDB alone. Production refuses a local one.",
    )
    dynamodb_deadline: timedelta = var(
        "DYNAMODB_DEADLINE",
        env.duration,
        timedelta(seconds=5),
        default_text="5s",
        says="How long one request may wait for DynamoDB, retries included, before it answers 503.",
    )
    tables_kms_key: str | None = var(
        "TABLES_KMS_KEY_ARN",
        env.kms_key,
        default_text="the key AWS manages",
        says="The KMS key that encrypts tables made by `flask tables create`.",
    )
    s3_bucket: str = var("S3_BUCKET", env.bucket_name, "panzoto-audio-dev", says="The bucket of the encrypted audio.")

    users_table: str = var("USERS_TABLE", env.table_name, "panzoto-users", says="People.")
    audio_files_table: str = var(
        "AUDIO_FILES_TABLE", env.table_name, "panzoto-audio-files", says="Records of audio files."
    )
    auth_state_table: str = var(
        "DYNAMODB_TABLE_NAME",
        env.table_name,
        "panzoto-auth-state",
        says="Claims, phone codes, refresh tokens, limits.",
    )
    auth_tokens_table: str = var(
        "AUTH_TOKENS_TABLE", env.table_name, "panzoto-auth-tokens", says="Magic links, sessions, one-use tokens."
    )
    approved_emails_table: str = var(
        "APPROVED_EMAILS_TABLE",
        env.table_name,
        "panzoto-approved-emails",
        says="Emails that may register.",
    )
    oauth_tokens_table: str = var(
        "DYNAMODB_OAUTH_TABLE", env.table_name, "panzoto-oauth-tokens", says="Sealed tokens of other providers."
    )
    oauth_logs_table: str = var(
        "DYNAMODB_OAUTH_LOGS_TABLE", env.table_name, "panzoto-oauth-tokens-logs", says="Steps of OAuth flows."
    )
    audit_events_table: str = var(
        "AUDIT_EVENTS_TABLE", env.table_name, "panzoto-audit-events", says="Who did what, when and from where."
    )

    port: int = var("PORT", env.whole(1, 65535), 5000, says="The port that gunicorn listens on.")
    bind: str = var("BIND", env.text, "127.0.0.1", says="The address that gunicorn listens on; nginx stands before it.")
    workers: int | None = var(
        "WEB_CONCURRENCY", env.whole(1, 256), default_text="one per core", says="Processes of gunicorn."
    )
    threads: int = var("THREADS", env.whole(1, 128), 8, says="Threads of each process.")
    trusted_proxies: int = var(
        "TRUSTED_PROXIES",
        env.whole(0, 10),
        0,
        says="How many proxies of ours stand before gunicorn. The client's address is taken from that many, no more.",
    )
    cors_origins: tuple[str, ...] = var(
        "CORS_ORIGINS",
        env.listed(env.origin),
        (),
        default_text="none",
        says="Web origins that may call the API from a browser, between commas.",
    )
    cors_credentials: bool = var(
        "CORS_CREDENTIALS", env.flag, False, says="Whether those origins may send cookies. Not together with `*`."
    )
    max_body_bytes: int = var(
        "MAX_BODY_BYTES",
        env.whole(1024, 16 * 1024 * 1024),
        64 * 1024,
        says="The largest body of a request (413 above).",
    )
    metrics_token: str | None = var(
        "METRICS_TOKEN",
        env.text,
        secret=True,
        says="The bearer token that `/metrics` asks for. Without it only the machine itself may read them.",
    )
    log_level: str = var(
        "LOG_LEVEL", env.one_of("debug", "info", "warning", "error"), "info", says="The least that is logged."
    )
    outbox_url: str | None = var(
        "OUTBOX_URL",
        env.url,
        says="The emulator whose mail and SMS `/dev/outbox` shows; set by `make run`. Production refuses it.",
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The configuration that the environment gives; in development `.env` fills what is unset."""
        given = dict(environ) if environ is not None else env.of_development(os.environ) | os.environ
        values, faults = env.read(cls, given)
        config = cls(**values)
        refused = {fault.split()[0] for fault in faults}  # what could not be read is not blamed again for being unset
        faults += [fault for fault in config._faults() if fault.split()[0] not in refused]
        if faults:
            raise env.ConfigError(faults)
        return config

    @property
    def production(self) -> bool:
        """Whether the strict rules hold; they do unless somebody asked for development."""
        return self.environment == "production"

    def _faults(self) -> list[str]:
        """What the values say together that no one of them says alone."""
        faults = []
        if not self.secret_key:
            faults.append(
                "SECRET_KEY is not set. Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        if (self.aws_access_key_id is None) != (self.aws_secret_access_key is None):
            faults.append("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY work only together; set both or neither.")
        if self.aws_session_token and self.aws_access_key_id is None:
            faults.append("AWS_SESSION_TOKEN works only together with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
        if self.cors_credentials and "*" in self.cors_origins:
            faults.append("CORS_ORIGINS must name its origins when CORS_CREDENTIALS is 1; * would let any site in.")
        faults += self._shared_tables()
        return faults + (self._production_faults() if self.production else [])

    def _shared_tables(self) -> list[str]:
        """Variables that name one table together: each would take the other's items for its own."""
        variables: dict[str, list[str]] = {}
        for each in fields(self):
            if each.metadata["parse"] is env.table_name:
                variables.setdefault(getattr(self, each.name), []).append(each.metadata["name"])
        return [
            f"{' and '.join(names)} name the same table, {table}; each needs one of its own."
            for table, names in variables.items()
            if len(names) > 1
        ]

    def _production_faults(self) -> list[str]:
        """What development forgives."""
        faults = self._weak_secrets()
        if self.otp_test_mode:
            faults.append("OTP_TEST_MODE must be off in production; it stores codes in clear.")
        addresses = {
            "AWS_ENDPOINT_URL": self.aws_endpoint,
            "DYNAMODB_ENDPOINT": self.dynamodb_endpoint,
            "OUTBOX_URL": self.outbox_url,
        }
        for name, address in addresses.items():
            if address and (name == "OUTBOX_URL" or _local(address)):
                faults.append(f"{name} points at {address}, an emulator; production speaks to AWS. Unset it.")
        return faults

    def _weak_secrets(self) -> list[str]:
        """Secrets that somebody else knows or could guess. One that stands in for another is named once, with both."""
        names: dict[str, list[str]] = {}
        for name, secret in (("SECRET_KEY", self.secret_key), ("JWT_SECRET_KEY", self.jwt_secret_key)):
            names.setdefault(secret, []).append(name)
        if self.metrics_token:
            names.setdefault(self.metrics_token, []).append("METRICS_TOKEN")
        faults = []
        for secret, holders in names.items():
            where = " and ".join(holders)
            if secret in PUBLISHED:
                faults.append(f"The secret in {where} was published; make one of your own.")
            elif secret and (len(secret.encode()) < SECRET_BYTES or len(set(secret)) < SECRET_VARIETY):
                faults.append(f"The secret in {where} must be at least {SECRET_BYTES} bytes long and hard to guess.")
        return faults


def _local(address: str) -> bool:
    """Whether an address is a machine of ours rather than AWS: no TLS, a bare name, or a private number."""
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".")
    try:
        return parts.scheme != "https" or not ip_address(host).is_global
    except ValueError:
        # 127.1 and 0x7f.1 are numbers too, to a resolver; no name of the public internet ends in such a part
        return "." not in host or host.endswith(LOCAL_NAMES) or host.rpartition(".")[2][0].isdigit()
