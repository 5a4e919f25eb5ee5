"""What the flows stand on, wired in one place."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from env import ConfigError
from panzoto.aws import rings
from panzoto.aws.addresses import Addresses
from panzoto.aws.bucket import Bucket
from panzoto.aws.clients import Clients
from panzoto.aws.copies import MIB, Copies
from panzoto.aws.data_keys import KmsDataKeys
from panzoto.aws.key_service import KeyService
from panzoto.aws.multipart import Multipart
from panzoto.aws.oauth_clients import OAuthClients
from panzoto.aws.reading import Objects
from panzoto.aws.rings import RingUnusable
from panzoto.aws.transcriber import AwsTranscriber, Transcriber
from panzoto.crypto import strength
from panzoto.crypto.access import AccessTokens
from panzoto.crypto.breaches import Breaches, HttpRanges
from panzoto.crypto.codes import Codes
from panzoto.crypto.content_tokens import ContentTokens
from panzoto.crypto.cursors import Cursors
from panzoto.crypto.digests import derived_key
from panzoto.crypto.gate import Gate
from panzoto.crypto.keys import PasswordKeys
from panzoto.crypto.legacy import LegacyTokens
from panzoto.crypto.passwords import Passwords
from panzoto.crypto.profiles import Profile
from panzoto.crypto.purposes import Purposes
from panzoto.crypto.refresh import RefreshTokens
from panzoto.crypto.signing import SigningKeys
from panzoto.crypto.vault import Vault
from panzoto.later import Later
from panzoto.local.outbox import Outbox
from panzoto.messages import configured as messages
from panzoto.messages.catalogue import Messages
from panzoto.messages.post import Post
from panzoto.models.approved_emails import ApprovedEmails
from panzoto.models.audio_files import AudioFiles
from panzoto.models.audit_events import AuditEvents
from panzoto.models.auth_state.admins import Admins
from panzoto.models.auth_state.audio_jobs import AudioJobs
from panzoto.models.auth_state.emails import EmailClaims
from panzoto.models.auth_state.figures import Figures
from panzoto.models.auth_state.identities import IdentityClaims
from panzoto.models.auth_state.lineages import Lineages
from panzoto.models.auth_state.oauth_states import OAuthStates
from panzoto.models.auth_state.otps import Otps
from panzoto.models.auth_state.phones import PhoneClaims
from panzoto.models.auth_state.rates import Rates
from panzoto.models.auth_state.revoked import RevokedTokens
from panzoto.models.auth_state.sms_breaker import SmsBreaker
from panzoto.models.counted import Counted
from panzoto.models.known_users import KnownUsers
from panzoto.models.oauth_logs import OAuthLogs
from panzoto.models.oauth_tokens import OAuthTokens
from panzoto.models.one_use_tokens import OneUseTokens
from panzoto.models.sessions import Sessions
from panzoto.models.store.beside import Beside
from panzoto.models.store.gateway import Gateway
from panzoto.models.users import Users
from panzoto.providers.fetching import Fetcher
from panzoto.providers.known import Providers
from panzoto.providers.provider import Provider
from panzoto.tally import Tally
from panzoto.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_s3 import S3Client

    from config import Config


# What of a decrypted copy is in memory; S3 takes no less than 5 MiB for a part.
PART_BYTES = 8 * MIB


class CheckNewPassword(Protocol):
    """Raises `WeakPassword` for a password that somebody could guess."""

    def __call__(self, password: str, *, context: Iterable[str]) -> None:
        """Check one."""


def now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Deps:
    """Everything that a flow may touch."""

    config: Config
    clients: Clients
    gateway: Gateway
    clock: Callable[[], datetime]
    later: Later
    beside: Beside
    workers: Workers
    tally: Tally
    decrypting: Gate
    outbox: Outbox | None

    passwords: Passwords
    password_keys: PasswordKeys
    check_new_password: CheckNewPassword
    signing_keys: SigningKeys
    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    purposes: Purposes
    content_tokens: ContentTokens
    codes: Codes

    users: Users
    admins: Admins
    figures: Figures
    known_users: KnownUsers
    approved_emails: ApprovedEmails
    emails: EmailClaims
    phones: PhoneClaims
    otps: Otps
    lineages: Lineages
    revoked_tokens: RevokedTokens
    rates: Rates
    sms_breaker: SmsBreaker
    sessions: Sessions
    one_use_tokens: OneUseTokens
    audit: AuditEvents
    audio_files: AudioFiles
    audio_jobs: AudioJobs
    oauth_tokens: OAuthTokens
    oauth_logs: OAuthLogs
    oauth_states: OAuthStates
    identities: IdentityClaims

    bucket: Bucket
    key_service: KeyService
    multipart: Multipart
    objects: Objects
    copies: Copies
    transcriber: Transcriber | None
    addresses: Addresses
    data_keys: KmsDataKeys
    vault: Vault
    browser_key: bytes
    forms_key: bytes
    providers: Providers
    wait: Callable[[float], None]
    messages: Messages
    post: Post


def build(config: Config, *, operator: bool = False) -> Deps:
    """The real things, as `config` describes them. `operator` permits what only a command may do, such as scans."""
    clients = Clients(config)
    tally = Tally(config.figures_seconds)
    gateway = _gateway(config, clients, tally, operator=operator)
    gate = _hashing(config)
    profile = _profile(config)
    passwords = Passwords(profile, gate)
    breaches = Breaches(HttpRanges()) if config.breach_lookup else None
    signing_keys = _signing_keys(config, clients)
    users = Users(gateway, config.users_table)
    figures = Figures(gateway, config.auth_state_table)
    tally.goes_to(Counted(figures, users, now))
    s3, streams = clients.s3(), clients.s3_for_streams()
    kms = clients.kms()
    data_keys = KmsDataKeys(kms, config.oauth_kms_key)
    return Deps(
        config=config,
        clients=clients,
        gateway=gateway,
        clock=now,
        later=Later(),
        beside=Beside(config.threads_beside),
        workers=Workers(config.decrypt_jobs_at_once),
        tally=tally,
        decrypting=Gate(config.decrypts_at_once),
        outbox=Outbox(config.outbox_url) if config.outbox_url else None,
        passwords=passwords,
        codes=Codes(derived_key(config.secret_key, "codes/v1"), passwords, config.otp_length),
        password_keys=PasswordKeys(profile, gate),
        check_new_password=partial(strength.check, min_length=config.password_min_length, breaches=breaches),
        signing_keys=signing_keys,
        access_tokens=_access_tokens(config, signing_keys),
        refresh_tokens=_refresh_tokens(config),
        content_tokens=ContentTokens(derived_key(config.secret_key, "content-token/v1")),
        purposes=Purposes(derived_key(config.secret_key, "one-use/v1")),
        users=users,
        admins=Admins(gateway, config.auth_state_table),
        figures=figures,
        known_users=KnownUsers(users, timedelta(seconds=config.revocation_cache_seconds)),
        approved_emails=ApprovedEmails(gateway, config.approved_emails_table),
        phones=PhoneClaims(gateway, config.auth_state_table),
        otps=Otps(gateway, config.auth_state_table),
        sms_breaker=SmsBreaker(gateway, config.auth_state_table, config.rate_limits["sms.everywhere"]),
        emails=EmailClaims(gateway, config.auth_state_table),
        lineages=Lineages(gateway, config.auth_state_table),
        revoked_tokens=RevokedTokens(gateway, config.auth_state_table),
        rates=Rates(gateway, config.auth_state_table, config.rate_limits),
        sessions=Sessions(gateway, config.auth_tokens_table),
        one_use_tokens=OneUseTokens(gateway, config.auth_tokens_table),
        audit=AuditEvents(gateway, config.audit_events_table, config.audit_retention, tally),
        audio_jobs=AudioJobs(gateway, config.auth_state_table),
        audio_files=AudioFiles(gateway, config.audio_files_table, tally),
        oauth_tokens=OAuthTokens(gateway, config.oauth_tokens_table),
        bucket=Bucket(s3, config.s3_bucket),
        multipart=Multipart(s3, config.s3_bucket),
        objects=Objects(streams, config.s3_bucket),
        copies=Copies(streams, config.s3_bucket, PART_BYTES, config.decrypted_kms_key or config.audio_kms_key),
        transcriber=_transcriber(config, clients),
        addresses=_addresses(config, s3),
        oauth_logs=OAuthLogs(gateway, config.oauth_logs_table, config.oauth_log_retention),
        oauth_states=OAuthStates(gateway, config.auth_state_table),
        identities=IdentityClaims(gateway, config.auth_state_table),
        data_keys=data_keys,
        vault=Vault(data_keys),
        browser_key=derived_key(config.secret_key, "oauth-browser/v1"),
        forms_key=derived_key(config.secret_key, "console-forms/v1"),
        providers=_providers(config, clients),
        wait=time.sleep,
        key_service=KeyService(kms, config.audio_kms_key),
        messages=messages.messages(config),
        post=messages.post(config, clients, tally),
    )


def _hashing(config: Config) -> Gate:
    """Lets in what fills the process's share of the cores, and lets others wait, so that some threads stay free."""
    cores = os.cpu_count() or 1
    share = max(1, cores // (config.workers or cores))
    most = max(1, min(config.threads // 2 + 1, config.threads - 1))
    at_once = config.hashing_at_once or min(share, most)
    return Gate(at_once, max(0, most - at_once))


def _gateway(config: Config, clients: Clients, tally: Tally, *, operator: bool) -> Gateway:
    return Gateway(
        clients.dynamodb(),
        Cursors(derived_key(config.secret_key, "cursor/v1")),
        deadline=config.dynamodb_deadline.total_seconds(),
        attempt=clients.attempt_seconds,
        operator=operator,
        tally=tally,
    )


def _addresses(config: Config, s3: S3Client) -> Addresses:
    return Addresses(s3, config.s3_bucket, upload=config.upload_url_expiry, download=config.download_url_expiry)


def _transcriber(config: Config, clients: Clients) -> Transcriber | None:
    if config.transcriber == "none":
        return None
    return AwsTranscriber(clients.transcribe(), config.s3_bucket, config.decrypted_kms_key or config.audio_kms_key)


def _providers(config: Config, clients: Clients) -> Providers:
    """The providers; nothing is asked of them before somebody comes by one."""
    fetcher = Fetcher(config.oauth_timeout.total_seconds())
    secrets = OAuthClients(clients.secrets()) if any(each.secret_id for each in config.oauth_providers) else None
    read = secrets.read if secrets else _no_secret
    return Providers(Provider(each, fetcher, read) for each in config.oauth_providers)


def _no_secret(name: str) -> tuple[str, str | None]:
    raise LookupError(name)


def _profile(config: Config) -> Profile:
    """The cost of password hashes; less than OWASP asks for stops the start."""
    try:
        return Profile(config.argon2_memory_kib, config.argon2_iterations, config.argon2_parallelism)
    except ValueError as fault:
        raise ConfigError([f"ARGON2_MEMORY_KIB, ARGON2_ITERATIONS and ARGON2_PARALLELISM: {fault}."]) from None


def _signing_keys(config: Config, clients: Clients) -> SigningKeys:
    """The keys of access tokens: the ring where one is kept, otherwise the secret."""
    kept = rings.configured(config, clients)
    try:
        ring = kept.read() if kept else None
    except RingUnusable as fault:
        raise ConfigError([str(fault)]) from None
    if ring is not None:
        return SigningKeys.of_ring(ring)
    older = [config.jwt_previous_secret_key] if config.jwt_previous_secret_key else []
    return SigningKeys.of_secrets(config.jwt_secret_key, *older)


def _refresh_tokens(config: Config) -> RefreshTokens:
    secrets = [config.secret_key, *([config.previous_secret_key] if config.previous_secret_key else [])]
    return RefreshTokens(*(derived_key(each, "refresh-token/v1") for each in secrets))


def _access_tokens(config: Config, keys: SigningKeys) -> AccessTokens:
    until = config.legacy_tokens_until
    return AccessTokens(
        keys,
        issuer=config.jwt_issuer,
        audience=config.jwt_audience,
        lifetime=config.jwt_access_expiry,
        legacy=LegacyTokens(config.secret_key, until) if until else None,
    )
