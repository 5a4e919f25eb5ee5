"""One frozen Config, read once from the environment and validated at the start; no secret has a default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

import env
import formats
import limits
import providers
from env import var
from limits import Limits
from providers import LOOPBACK, Provider

SECRET_BYTES, SECRET_VARIETY = 32, 8
# What `make run` sends from; no provider would take it.
LOCAL_SENDER = "panzoto@localhost.localdomain"
MIB, GIB = 2**20, 2**30
# What S3 takes for one part of an upload, the last one aside; and how long it lets an address work.
SMALLEST_PART, LARGEST_PART = 5 * MIB, 5 * GIB
SHORTEST_ANSWER, LONGEST_ANSWER = timedelta(milliseconds=100), timedelta(seconds=10)
LONGEST_MARGIN = timedelta(minutes=30)
EVER = "3660d"
LOCAL_NAMES = (".local", ".localhost", ".internal")
# Secrets that a document, a tutorial or this project's own files have shown to the world.
PUBLISHED = frozenset(
    {
        "your-secret-key-change-this-in-production",
        "dev-secret-key-change-in-production",
        "your-32-char-secret-key-here-12345",
        "your-secret-key-32-characters",
        "test-secret-key-32-characters-long",
        "this machine alone knows this secret of 32 bytes",
        "and this machine alone knows that one of 32 bytes",
    }
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every setting of the service. `docs/configuration.md` is rendered from these lines."""

    environment: str = var(
        "FLASK_ENV",
        formats.one_of("production", "development"),
        "production",
        says="`development` reads `.env` and allows what production refuses.",
    )
    secret_key: str = var(
        "SECRET_KEY",
        formats.text,
        "",
        instead="JWT_SECRET_KEY",
        secret=True,
        says="At least 32 bytes that nobody else knows; page cursors and internal keys are derived from it.",
    )
    previous_secret_key: str | None = var(
        "SECRET_KEY_PREVIOUS",
        formats.text,
        secret=True,
        says="The `SECRET_KEY` before the last change; refresh tokens that it proved are still taken.",
    )
    jwt_secret_key: str = var(
        "JWT_SECRET_KEY",
        formats.text,
        "",
        instead="SECRET_KEY",
        secret=True,
        says="At least 32 bytes that sign access tokens (HS256).",
    )
    jwt_access_expiry: timedelta = var(
        "JWT_ACCESS_EXPIRY",
        formats.duration,
        timedelta(minutes=15),
        default_text="15m",
        says="How long an access token works.",
    )
    jwt_refresh_expiry: timedelta = var(
        "JWT_REFRESH_EXPIRY",
        formats.duration,
        timedelta(hours=168),
        default_text="168h",
        says="How long a session lasts, however often it is refreshed.",
    )
    jwt_previous_secret_key: str | None = var(
        "JWT_SECRET_KEY_PREVIOUS",
        formats.text,
        secret=True,
        says="The secret before the last change; what it signed is still read.",
    )
    jwt_keys_file: str | None = var(
        "JWT_KEYS_FILE",
        formats.text,
        says="A key ring of `flask keys generate`: it signs access tokens (EdDSA or ES256) in place of a secret.",
    )
    jwt_keys_secret_id: str | None = var(
        "JWT_KEYS_SECRET_ID", formats.text, says="The same, kept in Secrets Manager under this name."
    )
    jwt_issuer: str = var("JWT_ISSUER", formats.text, "panzoto", says="The issuer that access tokens name.")
    jwt_audience: str = var("JWT_AUDIENCE", formats.text, "panzoto", says="The audience that access tokens name.")
    legacy_tokens_until: datetime | None = var(
        "LEGACY_TOKENS_UNTIL",
        formats.moment,
        default_text="never",
        says="Until when the old backend's 30-day tokens are honoured, such as 2027-01-31 or 2027-01-31T12:00:00Z.",
    )
    revocation_cache_seconds: int = var(
        "REVOCATION_CACHE_SECONDS",
        formats.whole(0, 300),
        0,
        says="How long a process may let people read by what it knows of them. What changes something is always looked "
        "up; with 0 everything is, so that an ended session ends at once.",
    )
    refresh_grace: timedelta = var(
        "REFRESH_GRACE",
        formats.duration,
        timedelta(seconds=60),
        default_text="60s",
        says="How long a phone that lost the answer to a refresh may ask again with the same token.",
    )
    session_idle_expiry: timedelta = var(
        "SESSION_IDLE_EXPIRY",
        formats.duration,
        timedelta(hours=168),
        default_text="168h",
        says="How long a session may rest without a refresh.",
    )
    recent_sign_in: timedelta = var(
        "RECENT_SIGN_IN",
        formats.duration,
        timedelta(minutes=5),
        default_text="5m",
        says="How long after a sign-in what is delicate may be done without the password.",
    )
    password_min_length: int = var(
        "PASSWORD_MIN_LENGTH", formats.whole(8, 64), 8, says="The fewest characters of a new password."
    )
    breach_lookup: bool = var(
        "BREACH_LOOKUP",
        formats.flag,
        False,
        says="Whether new passwords are looked up among breached ones, by the first five digits of a hash.",
    )
    argon2_memory_kib: int = var(
        "ARGON2_MEMORY_KIB", formats.whole(8192, 262144), 47104, says="Memory of a password hash, in KiB."
    )
    argon2_iterations: int = var("ARGON2_ITERATIONS", formats.whole(1, 10), 1, says="Passes of a password hash.")
    argon2_parallelism: int = var("ARGON2_PARALLELISM", formats.whole(1, 16), 1, says="Lanes of a password hash.")
    hashing_at_once: int | None = var(
        "HASHING_AT_ONCE",
        formats.whole(1, 256),
        default_text="the cores, divided by WEB_CONCURRENCY",
        says="Password hashes that a process works on at once; more wait briefly, and then hear 503.",
    )
    prevent_enumeration: bool = var(
        "PREVENT_ENUMERATION",
        formats.flag,
        False,
        says="Registration answers 202 and sends a mail, whether the email has an account or not.",
    )
    password_reset_expiry: timedelta = var(
        "PASSWORD_RESET_EXPIRY",
        formats.duration,
        timedelta(minutes=30),
        default_text="30m",
        says="How long a link to a new password works.",
    )
    email_verification_expiry: timedelta = var(
        "EMAIL_VERIFICATION_EXPIRY",
        formats.duration,
        timedelta(minutes=60),
        default_text="60m",
        says="How long a link that verifies an email works.",
    )
    registration_policy: str = var(
        "REGISTRATION_POLICY",
        formats.one_of("open", "approved"),
        "open",
        says="Who may have an account: everybody, or people whose verified email was approved (`flask approvals`). It "
        "holds for every way in.",
    )
    internal_email_domains: tuple[str, ...] = var(
        "INTERNAL_EMAIL_DOMAINS",
        formats.listed(formats.domain),
        (),
        default_text="none",
        says="Domains whose emails need no approval, between commas.",
    )
    rate_limits: Limits = var(
        "RATE_LIMITS",
        limits.changed,
        limits.DEFAULTS,
        default_text=f"`{limits.DEFAULTS}`",
        says="Limits that differ from the default, by name: `login.account=5/10m,forgot.address=3/1h`.",
    )
    admin_max_age: timedelta = var(
        "ADMIN_MAX_AGE",
        formats.duration,
        timedelta(hours=4),
        default_text="4h",
        says="How long after a sign-in administrators and supporters may act as such.",
    )
    figures_seconds: int = var(
        "FIGURES_SECONDS",
        formats.whole(0, 3600),
        10,
        says="How often a process writes what it has counted for the figures, while there is something; 0 counts none.",
    )
    audit_retention: timedelta = var(
        "AUDIT_RETENTION",
        formats.duration,
        timedelta(days=365),
        default_text="365d",
        says="How long audit events are kept.",
    )
    public_url: str = var(
        "PUBLIC_URL",
        formats.url,
        "http://localhost:5000",
        says="Where people reach the service: links in mails begin with it. Production asks for https.",
    )
    otp_length: int = var("OTP_LENGTH", formats.whole(6, 10), 6, says="Digits of a phone code.")
    otp_expiry: timedelta = var(
        "OTP_EXPIRY",
        formats.duration,
        timedelta(minutes=10),
        default_text="10m",
        says="How long a phone code works.",
    )
    otp_max_attempts: int = var("OTP_MAX_ATTEMPTS", formats.whole(1, 20), 5, says="Guesses allowed for one phone code.")
    otp_resend_delay: timedelta = var(
        "OTP_RESEND_DELAY",
        formats.duration,
        timedelta(seconds=30),
        default_text="30s",
        says="How long after a code the next may be asked for.",
    )
    phone_numbers: str = var(
        "PHONE_NUMBERS",
        formats.one_of("e164", "possible", "valid", "mobile"),
        "e164",
        says="Which numbers get an SMS: all that look like one, those of a length that the country has, those that are "
        "assigned, or of these the mobile ones, which is what production wants.",
    )
    sms_countries: tuple[str, ...] = var(
        "SMS_COUNTRIES",
        formats.listed(formats.country),
        (),
        default_text="all",
        says="The countries whose numbers get an SMS, such as `US,CA,DE`. Name yours: it is what pumping fears most.",
    )
    magic_link_expiry: timedelta = var(
        "MAGIC_LINK_EXPIRY",
        formats.duration,
        timedelta(minutes=10),
        default_text="10m",
        says="How long a link to sign in works.",
    )
    app_scheme: str | None = var(
        "APP_SCHEME",
        formats.scheme,
        says="The scheme of the app's deep links: `panzoto` makes the page of a link open `panzoto://m/…`.",
    )
    android_package: str | None = var(
        "ANDROID_PACKAGE", formats.package, says="The app's package, which `/.well-known/assetlinks.json` names."
    )
    android_certificates: tuple[str, ...] = var(
        "ANDROID_CERT_SHA256",
        formats.listed(formats.fingerprint),
        (),
        default_text="none",
        says="The SHA-256 fingerprints of the certificates that sign the app, between commas.",
    )
    oauth_providers: tuple[Provider, ...] = var(
        "OAUTH_PROVIDERS",
        providers.named,
        (),
        default_text="none",
        says="The providers that people sign in with, such as `google,work`. Each has variables of its own.",
    )
    oauth_app_redirects: tuple[str, ...] = var(
        "OAUTH_APP_REDIRECTS",
        formats.listed(formats.app_link),
        (),
        default_text="none",
        says="The app's deep links to which a sign-in in a browser may come back, such as `panzoto://oauth`. They must "
        "match sign for sign.",
    )
    oauth_link_by_email: bool = var(
        "OAUTH_LINK_BY_EMAIL",
        formats.flag,
        False,
        says="Whether an identity is linked to the account that has its email without a sign-in to that account, when "
        "the provider and we both have verified that email. It trusts every provider with every account.",
    )
    oauth_access_token_recent: timedelta | None = var(
        "OAUTH_ACCESS_TOKEN_RECENT",
        formats.duration,
        default_text="as long as the session",
        says="How long after a sign-in a provider's access token may be had from the vault.",
    )
    oauth_refresh_margin: timedelta = var(
        "OAUTH_REFRESH_MARGIN",
        formats.duration,
        timedelta(minutes=2),
        default_text="2m",
        says="How long before its end a provider's access token is replaced by a new one.",
    )
    oauth_timeout: timedelta = var(
        "OAUTH_TIMEOUT",
        formats.duration,
        timedelta(seconds=5),
        default_text="5s",
        says="How long one answer of a provider may take, to its last byte.",
    )
    oauth_log_retention: timedelta = var(
        "OAUTH_LOG_RETENTION",
        formats.duration,
        timedelta(days=90),
        default_text="90d",
        says="How long the steps of OAuth flows are kept.",
    )
    otp_test_mode: bool = var(
        "OTP_TEST_MODE",
        formats.flag,
        False,
        says="Keeps codes in clear in `OTP_TEST#` items, for tests. Production refuses it.",
    )

    aws_region: str = var("AWS_REGION", formats.region, "us-east-1", says="The AWS region.")
    aws_access_key_id: str | None = var(
        "AWS_ACCESS_KEY_ID",
        formats.text,
        secret=True,
        says="An access key; without one the role of the machine is used, which is better.",
    )
    aws_secret_access_key: str | None = var(
        "AWS_SECRET_ACCESS_KEY", formats.text, secret=True, says="The secret half of the access key."
    )
    aws_session_token: str | None = var(
        "AWS_SESSION_TOKEN", formats.text, secret=True, says="The session token of temporary credentials."
    )
    aws_endpoint: str | None = var(
        "AWS_ENDPOINT_URL",
        formats.url,
        says="Another address for every AWS service, for an emulator. Production refuses a local one.",
    )
    dynamodb_region: str | None = var(
        "DYNAMODB_REGION", formats.region, default_text="`AWS_REGION`", says="The region of the tables."
    )
    dynamodb_endpoint: str | None = var(
        "DYNAMODB_ENDPOINT",
        formats.url,
        default_text="`AWS_ENDPOINT_URL`",
        says="Another address for DynamoDB alone. Production refuses a local one.",
    )
    dynamodb_deadline: timedelta = var(
        "DYNAMODB_DEADLINE",
        formats.duration,
        timedelta(seconds=5),
        default_text="5s",
        says="How long one request may wait for DynamoDB, retries included, before it answers 503; an import of "
        "approvals, for each of its rows.",
    )
    tables_kms_key: str | None = var(
        "TABLES_KMS_KEY_ARN",
        formats.kms_key,
        default_text="the key AWS manages",
        says="The KMS key that encrypts tables made by `flask tables create`.",
    )
    audio_kms_key: str = var(
        "AUDIO_KMS_KEY",
        formats.kms_name,
        "alias/panzoto-audio",
        says="The KMS key that wraps the audio keys of people who have no password.",
    )
    oauth_kms_key: str = var(
        "OAUTH_KMS_KEY",
        formats.kms_name,
        "alias/axnt-oauth",
        says="The KMS key that seals the tokens of other providers (`flask vault rewrap` after a change).",
    )
    s3_bucket: str = var("S3_BUCKET", formats.bucket_name, "panzoto-audio-dev", says="The bucket of the recordings.")
    max_upload_bytes: int = var(
        "MAX_UPLOAD_BYTES",
        formats.whole(1024, 1024 * GIB),
        2 * GIB,
        says="The largest recording (413 above).",
    )
    multipart_from_bytes: int = var(
        "MULTIPART_FROM_BYTES",
        formats.whole(SMALLEST_PART, LARGEST_PART),
        64 * MIB,
        says="From this size on a recording is uploaded in parts, and an upload that breaks off goes on later.",
    )
    upload_part_bytes: int = var(
        "UPLOAD_PART_BYTES",
        formats.whole(SMALLEST_PART, LARGEST_PART),
        16 * MIB,
        says="The size of a part; larger where a recording would have more than 1,000 of them.",
    )
    upload_url_expiry: timedelta = var(
        "UPLOAD_URL_EXPIRY",
        formats.duration,
        timedelta(hours=1),
        default_text="1h",
        says="How long an address to upload to works; seven days at most. With a role's credentials it ends with them.",
    )
    download_url_expiry: timedelta = var(
        "DOWNLOAD_URL_EXPIRY",
        formats.duration,
        timedelta(minutes=5),
        default_text="5m",
        says="How long an address to download from works; seven days at most.",
    )
    verify_uploads: bool | None = var(
        "VERIFY_UPLOADS",
        formats.flag,
        default_text="`1`, and `0` at `/api/audio-file`",
        says="Whether a recording is looked up in the bucket before it is recorded. Set, it holds at both addresses.",
    )
    uploads_abandoned_after: timedelta = var(
        "UPLOADS_ABANDONED_AFTER",
        formats.duration,
        timedelta(days=7),
        default_text="7d",
        says="How old an upload that nobody finished or recorded must be for `flask audio sweep` to remove it.",
    )

    decrypt_async_from_bytes: int = var(
        "DECRYPT_ASYNC_FROM_BYTES",
        formats.whole(1, 1024 * GIB),
        64 * MIB,
        says="From this size on a recording is decrypted after the answer, which is then 202.",
    )
    decrypts_at_once: int = var(
        "DECRYPTS_AT_ONCE",
        formats.whole(1, 128),
        4,
        says="Recordings that a process decrypts at once while somebody waits; more wait briefly, and then hear 503.",
    )
    decrypt_jobs_at_once: int = var(
        "DECRYPT_JOBS_AT_ONCE",
        formats.whole(0, 32),
        1,
        says="Recordings that a process decrypts at once after the answer. 0 leaves all to `flask audio work`.",
    )
    decrypt_job_lease: timedelta = var(
        "DECRYPT_JOB_LEASE",
        formats.duration,
        timedelta(seconds=60),
        default_text="60s",
        says="How long a job may say nothing of itself before another process takes it over.",
    )
    decrypted_kms_key: str | None = var(
        "DECRYPTED_KMS_KEY",
        formats.kms_name,
        default_text="`AUDIO_KMS_KEY`",
        says="The KMS key that encrypts decrypted recordings as long as they are kept.",
    )
    decrypted_kept: timedelta = var(
        "DECRYPTED_KEPT",
        formats.duration,
        timedelta(hours=24),
        default_text="24h",
        says="How old a decrypted recording must be for `flask audio sweep` to remove it.",
    )
    content_token_expiry: timedelta = var(
        "CONTENT_TOKEN_EXPIRY",
        formats.duration,
        timedelta(minutes=15),
        default_text="15m",
        says="How long a recording may be streamed after its owner has proved who they are.",
    )
    transcriber: str = var(
        "TRANSCRIBER",
        formats.one_of("none", "aws"),
        "none",
        says="What makes text of recordings: AWS Transcribe, or none.",
    )
    transcribe_language: str | None = var(
        "TRANSCRIBE_LANGUAGE",
        formats.language,
        default_text="found out from each recording",
        says="The language of recordings, such as `en-US`, where a request names none.",
    )

    users_table: str = var("USERS_TABLE", formats.table_name, "panzoto-users", says="People.")
    audio_files_table: str = var(
        "AUDIO_FILES_TABLE", formats.table_name, "panzoto-audio-files", says="Records of audio files."
    )
    auth_state_table: str = var(
        "DYNAMODB_TABLE_NAME",
        formats.table_name,
        "panzoto-auth-state",
        says="Claims, phone codes, refresh tokens, limits.",
    )
    auth_tokens_table: str = var(
        "AUTH_TOKENS_TABLE", formats.table_name, "panzoto-auth-tokens", says="Magic links, sessions, one-use tokens."
    )
    approved_emails_table: str = var(
        "APPROVED_EMAILS_TABLE",
        formats.table_name,
        "panzoto-approved-emails",
        says="Emails that may register.",
    )
    oauth_tokens_table: str = var(
        "DYNAMODB_OAUTH_TABLE", formats.table_name, "panzoto-oauth-tokens", says="Sealed tokens of other providers."
    )
    oauth_logs_table: str = var(
        "DYNAMODB_OAUTH_LOGS_TABLE", formats.table_name, "panzoto-oauth-tokens-logs", says="Steps of OAuth flows."
    )
    audit_events_table: str = var(
        "AUDIT_EVENTS_TABLE", formats.table_name, "panzoto-audit-events", says="Who did what, when and from where."
    )

    mail_sender: str = var("MAIL_SENDER", formats.one_of("ses", "smtp"), "ses", says="What sends mail.")
    mail_from: str = var(
        "MAIL_FROM",
        formats.mailbox,
        LOCAL_SENDER,
        says="The sender of every mail, such as `Panzoto <hello@example.com>`. Production asks for one.",
    )
    sms_sender: str = var("SMS_SENDER", formats.one_of("sns", "none"), "sns", says="What sends SMS.")
    sms_sender_id: str | None = var(
        "SMS_SENDER_ID", formats.sender_id, says="The name that phones show as the sender, where a country allows one."
    )
    messages_dir: str | None = var(
        "MESSAGES_DIR", formats.text, says="A folder whose templates take the place of ours (`docs/messages.md`)."
    )
    product_name: str = var("PRODUCT_NAME", formats.text, "Panzoto", says="What messages call the product.")
    support_email: str | None = var("SUPPORT_EMAIL", formats.mailbox, says="Where messages send people who need help.")
    smtp_host: str = var("SMTP_HOST", formats.text, "", says="The mail server of `MAIL_SENDER=smtp`.")
    smtp_port: int = var("SMTP_PORT", formats.whole(1, 65535), 587, says="Its port.")
    smtp_security: str = var(
        "SMTP_SECURITY",
        formats.one_of("starttls", "tls", "none"),
        "starttls",
        says="How the way to it is encrypted. Production allows `none` on the machine itself alone.",
    )
    smtp_user: str | None = var("SMTP_USER", formats.text, says="The name to sign in with there.")
    smtp_password: str | None = var("SMTP_PASSWORD", formats.text, secret=True, says="The password to it.")
    smtp_timeout: timedelta = var(
        "SMTP_TIMEOUT",
        formats.duration,
        timedelta(seconds=10),
        default_text="10s",
        says="How long one mail may take.",
    )
    smtp_ca_file: str | None = var(
        "SMTP_CA_FILE",
        formats.text,
        default_text="those of the machine",
        says="The authorities that vouch for the mail server.",
    )

    port: int = var("PORT", formats.whole(1, 65535), 5000, says="The port that gunicorn listens on.")
    bind: str = var("BIND", formats.host, "127.0.0.1", says="The address that gunicorn listens on, behind nginx.")
    workers: int | None = var(
        "WEB_CONCURRENCY", formats.whole(1, 256), default_text="one per core", says="Processes of gunicorn."
    )
    threads: int = var(
        "THREADS", formats.whole(1, 128), 8, says="Threads of each process; a quarter as many besides read ahead."
    )
    reuse_port: bool = var(
        "REUSE_PORT",
        formats.flag,
        False,
        says="Whether each process listens by itself, so that the system spreads connections evenly over them. A "
        "reload then drops those that a process had not yet accepted, and a second server on the port is not noticed.",
    )
    trusted_proxies: int = var(
        "TRUSTED_PROXIES",
        formats.whole(0, 10),
        0,
        says="How many proxies of ours stand before gunicorn. The client's address is taken from that many, no more.",
    )
    cors_origins: tuple[str, ...] = var(
        "CORS_ORIGINS",
        formats.listed(formats.origin),
        (),
        default_text="none",
        says="Web origins that may call the API from a browser, between commas; they read no page.",
    )
    cors_credentials: bool = var(
        "CORS_CREDENTIALS", formats.flag, False, says="Whether those origins may send cookies. Not together with `*`."
    )
    max_body_bytes: int = var(
        "MAX_BODY_BYTES",
        formats.whole(1024, 16 * 1024 * 1024),
        64 * 1024,
        says="The largest body of a request (413 above).",
    )
    metrics_token: str | None = var(
        "METRICS_TOKEN",
        formats.text,
        secret=True,
        says="The bearer token that `/metrics` asks for. Without it only the machine itself may read them.",
    )
    log_level: str = var(
        "LOG_LEVEL", formats.one_of("debug", "info", "warning", "error"), "info", says="The least that is logged."
    )
    outbox_url: str | None = var(
        "OUTBOX_URL",
        formats.url,
        says="The emulator whose mail and SMS `/dev/outbox` shows; set by `make run`. Production refuses it.",
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The configuration that the environment gives; in development `.env` fills what is unset."""
        given = dict(environ) if environ is not None else env.of_development(os.environ) | os.environ
        values, faults = env.read(cls, given)
        if "oauth_providers" in values:
            values["oauth_providers"], wrong = providers.read(values["oauth_providers"], given)
            faults += wrong
        config = cls(**values)
        refused = {fault.split()[0] for fault in faults}  # what could not be read is not blamed again for being unset
        faults += [fault for fault in config._faults() if fault.split()[0] not in refused]
        if faults:
            raise env.ConfigError(faults)
        return config

    @property
    def needs_approval(self) -> bool:
        """Whether only people whose email was approved may sign in."""
        return self.registration_policy == "approved"

    @property
    def registers_quietly(self) -> bool:
        """Whether a registration is finished by a mail: to hide who has an account, or to prove the email."""
        return self.prevent_enumeration or self.needs_approval

    @property
    def threads_beside(self) -> int:
        """Threads that find something out meanwhile: fewer than those that ask, so that a crowd goes without."""
        return max(1, self.threads // 4)

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
        if bool(self.android_package) != bool(self.android_certificates):
            faults.append("ANDROID_PACKAGE and ANDROID_CERT_SHA256 work only together; set both or neither.")
        if self.jwt_keys_file and self.jwt_keys_secret_id:
            faults.append("JWT_KEYS_FILE and JWT_KEYS_SECRET_ID are two places for one ring; set one.")
        if self.cors_credentials and "*" in self.cors_origins:
            faults.append("CORS_ORIGINS must name its origins when CORS_CREDENTIALS is 1; * would let any site in.")
        faults += self._time_faults() + self._shared_tables() + self._mail_faults() + self._oauth_faults()
        return faults + (self._production_faults() if self.production else [])

    def _time_faults(self) -> list[str]:
        """Times that make no sense together, or that nobody should wait for."""
        orders = (
            ("JWT_REFRESH_EXPIRY", self.jwt_refresh_expiry, "JWT_ACCESS_EXPIRY", self.jwt_access_expiry),
            ("SESSION_IDLE_EXPIRY", self.session_idle_expiry, "JWT_ACCESS_EXPIRY", self.jwt_access_expiry),
            ("OTP_EXPIRY", self.otp_expiry, "OTP_RESEND_DELAY", self.otp_resend_delay),
            ("UPLOADS_ABANDONED_AFTER", self.uploads_abandoned_after, "UPLOAD_URL_EXPIRY", self.upload_url_expiry),
        )
        faults = [f"{long} must not be shorter than {short}." for long, most, short, least in orders if most < least]
        for name, length, shortest, longest, why in self.bounds():
            if not formats.duration(shortest) <= length <= formats.duration(longest):
                faults.append(f"{name} must be from {shortest} to {longest}: {why}")
        return faults

    def bounds(self) -> tuple[tuple[str, timedelta, str, str, str], ...]:
        """Of each time: its name, how long it is, the shortest and the longest that it may be, and why."""
        read_and_no_more = "time to read a mail, and no more."
        signs = "S3 signs no address for longer."
        return (
            ("REFRESH_GRACE", self.refresh_grace, "1s", "10m", "meanwhile a thief's copy works as a retry does."),
            ("PASSWORD_RESET_EXPIRY", self.password_reset_expiry, "10m", "60m", read_and_no_more),
            ("EMAIL_VERIFICATION_EXPIRY", self.email_verification_expiry, "10m", "60m", read_and_no_more),
            ("MAGIC_LINK_EXPIRY", self.magic_link_expiry, "5m", "60m", read_and_no_more),
            ("OTP_EXPIRY", self.otp_expiry, "1m", "10m", "a code of a few digits is guessable for longer."),
            (
                "DYNAMODB_DEADLINE",
                self.dynamodb_deadline,
                "100ms",
                "60s",
                "time for an answer that somebody waits for.",
            ),
            ("UPLOAD_URL_EXPIRY", self.upload_url_expiry, "1s", "7d", signs),
            ("DOWNLOAD_URL_EXPIRY", self.download_url_expiry, "1s", "7d", signs),
            ("JWT_ACCESS_EXPIRY", self.jwt_access_expiry, "1s", EVER, "an app would do nothing but refresh."),
            ("ADMIN_MAX_AGE", self.admin_max_age, "1s", EVER, "nobody could act in time."),
            ("AUDIT_RETENTION", self.audit_retention, "1d", EVER, "nobody could look at what happened."),
            ("OAUTH_LOG_RETENTION", self.oauth_log_retention, "1h", EVER, "nobody could look at what happened."),
            ("SMTP_TIMEOUT", self.smtp_timeout, "1s", EVER, "no mail would be sent."),
            ("CONTENT_TOKEN_EXPIRY", self.content_token_expiry, "1m", "1h", "whoever has it needs no password."),
            ("DECRYPT_JOB_LEASE", self.decrypt_job_lease, "2s", "10m", "somebody waits for what a crash has left."),
            ("DECRYPTED_KEPT", self.decrypted_kept, "1h", "7d", "time to transcribe, and no more."),
        )

    def _oauth_faults(self) -> list[str]:
        """What keeps the providers from working."""
        faults = [fault for each in self.oauth_providers for fault in each.faults(production=self.production)]
        if not SHORTEST_ANSWER <= self.oauth_timeout <= LONGEST_ANSWER:
            faults.append("OAUTH_TIMEOUT must be from 100ms to 10s: somebody waits for the answer.")
        if self.oauth_refresh_margin > LONGEST_MARGIN:
            faults.append("OAUTH_REFRESH_MARGIN must be at most 30m: tokens of an hour would never rest.")
        issuers = [each.issuer for each in self.oauth_providers if each.issuer]
        if len(set(issuers)) < len(issuers):
            faults.append("OAUTH_PROVIDERS names one issuer twice; an identity there would be two.")
        return faults

    def _mail_faults(self) -> list[str]:
        """What keeps mail from being sent as it is asked for."""
        if self.mail_sender != "smtp":
            return []
        faults = []
        if not self.smtp_host:
            faults.append("SMTP_HOST must be set when MAIL_SENDER is smtp.")
        if bool(self.smtp_user) != bool(self.smtp_password):
            faults.append("SMTP_USER and SMTP_PASSWORD work only together; set both or neither.")
        if self.smtp_security == "none" and self.smtp_user:
            faults.append("SMTP_SECURITY must not be none when there is a SMTP_USER; the password would go in clear.")
        return faults

    def _shared_tables(self) -> list[str]:
        """Variables that name one table together: each would take the other's items for its own."""
        variables: dict[str, list[str]] = {}
        for each in fields(self):
            if each.metadata["parse"] is formats.table_name:
                variables.setdefault(getattr(self, each.name), []).append(each.metadata["name"])
        return [
            f"{' and '.join(names)} name the same table, {table}; each needs one of its own."
            for table, names in variables.items()
            if len(names) > 1
        ]

    def _production_faults(self) -> list[str]:
        """What development forgives."""
        faults = self._weak_secrets()
        if not self.public_url.startswith("https://"):
            faults.append(
                "PUBLIC_URL must be an https address in production; links with secrets in them begin with it."
            )
        if self.bind in LOOPBACK and not self.trusted_proxies:
            faults.append("TRUSTED_PROXIES is 0, but only a proxy reaches BIND: limits would take all people for one.")
        if self.mail_from == LOCAL_SENDER:
            faults.append("MAIL_FROM is not set; no provider takes mail from the sender that `make run` uses.")
        if self.mail_sender == "smtp" and self.smtp_security == "none" and self.smtp_host not in LOOPBACK:
            faults.append("SMTP_SECURITY must not be none in production, except on the machine itself.")
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
        optional = {
            "SECRET_KEY_PREVIOUS": self.previous_secret_key,
            "JWT_SECRET_KEY_PREVIOUS": self.jwt_previous_secret_key,
            "METRICS_TOKEN": self.metrics_token,
        }
        for name, given in optional.items():
            if given:
                names.setdefault(given, []).append(name)
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
