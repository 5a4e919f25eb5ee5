"""Values of single variables: read by the seeds' names, refused in one sentence each, never repeated if secret."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest

from config import Config
from env import ConfigError

from .settings import DEVELOPMENT, PRODUCTION, SECRET

GARBAGE = {
    "FLASK_ENV": "staging",
    "JWT_ACCESS_EXPIRY": "soon",
    "JWT_REFRESH_EXPIRY": "168",
    "OTP_LENGTH": "five",
    "OTP_EXPIRY": "-10m",
    "OTP_MAX_ATTEMPTS": "0",
    "OTP_RESEND_DELAY": "0s",
    "REGISTRATION_POLICY": "closed",
    "INTERNAL_EMAIL_DOMAINS": "inside.example,inside",
    "PHONE_NUMBERS": "landline",
    "SMS_COUNTRIES": "US,Germany",
    "MAGIC_LINK_EXPIRY": "10",
    "APP_SCHEME": "https",
    "ANDROID_PACKAGE": "panzoto",
    "ANDROID_CERT_SHA256": "14:6D:E9",
    "AUDIO_KMS_KEY": "alias/panzoto audio",
    "OTP_TEST_MODE": "maybe",
    "AWS_REGION": "virginia",
    "AWS_ENDPOINT_URL": "localhost",
    "DYNAMODB_REGION": "us east",
    "DYNAMODB_ENDPOINT": "dynamo:8000",
    "DYNAMODB_DEADLINE": "0s",
    "TABLES_KMS_KEY_ARN": "alias/aws/dynamodb",
    "S3_BUCKET": "No_Bucket",
    "USERS_TABLE": "a table",
    "PORT": "65536",
    "BIND": "0.0.0.0:80",
    "WEB_CONCURRENCY": "many",
    "THREADS": "0",
    "TRUSTED_PROXIES": "-1",
    "CORS_ORIGINS": "app.example.com",
    "CORS_CREDENTIALS": "2",
    "MAX_BODY_BYTES": "64k",
    "LOG_LEVEL": "loud",
    "OUTBOX_URL": "outbox",
}
CERTIFICATE = ":".join(f"{number:02X}" for number in range(32))
SECRETS = [each.metadata["name"] for each in fields(Config) if each.metadata["secret"]]


def faults(environ: dict[str, str]) -> tuple[str, ...]:
    """The sentences that refuse an environment."""
    with pytest.raises(ConfigError) as refused:
        Config.from_env(environ)
    return refused.value.faults


def test_reads_the_variables_of_the_seeds() -> None:
    """A deployment that the seeds describe is read as it meant itself."""
    config = Config.from_env(
        DEVELOPMENT
        | {"JWT_ACCESS_EXPIRY": "15m", "JWT_REFRESH_EXPIRY": "168h", "OTP_LENGTH": "6", "OTP_EXPIRY": "10m"}
        | {"DYNAMODB_TABLE_NAME": "QComTable", "DYNAMODB_OAUTH_TABLE": "axnt-oauth-tokens", "PORT": "8080"}
        | {"DYNAMODB_ENDPOINT": "http://localhost:8000", "DYNAMODB_REGION": "us-east-1"}
    )
    assert (config.jwt_access_expiry, config.jwt_refresh_expiry) == (timedelta(minutes=15), timedelta(days=7))
    assert (config.auth_state_table, config.oauth_tokens_table) == ("QComTable", "axnt-oauth-tokens")
    assert (config.otp_length, config.otp_expiry, config.port) == (6, timedelta(minutes=10), 8080)
    assert (config.dynamodb_endpoint, config.dynamodb_region) == ("http://localhost:8000", "us-east-1")


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_one_sentence_that_names_the_variable(name: str) -> None:
    """A value that cannot be read is shown with what would be right."""
    (fault,) = faults(DEVELOPMENT | {name: GARBAGE[name]}) if name != "FLASK_ENV" else faults(PRODUCTION | GARBAGE)[:1]
    assert fault.startswith(f"{name} must be ")
    assert fault.endswith(f"not {GARBAGE[name]!r}.")


def test_all_garbage_is_told_at_once() -> None:
    """Every fault stands in one message, one line each."""
    with pytest.raises(ConfigError) as refused:
        Config.from_env(DEVELOPMENT | GARBAGE)
    lines = str(refused.value).splitlines()
    assert lines[0] == f"Panzoto cannot start: {len(lines) - 1} faults in the configuration."
    assert all(any(line.startswith(f"  - {name} must be") for line in lines) for name in GARBAGE)


def test_a_name_that_we_do_not_know_is_no_fault() -> None:
    """An environment is full of other programs' variables."""
    assert Config.from_env(DEVELOPMENT | {"REDIS_URL": "redis://localhost", "PATH": "/bin"})


def test_a_blank_value_is_an_unset_one() -> None:
    """`PORT=` in a compose file means the default."""
    assert Config.from_env(DEVELOPMENT | {"PORT": " ", "CORS_ORIGINS": ""}).port == 5000


def test_a_long_value_is_cut_in_the_sentence() -> None:
    """A file pasted into a variable does not fill the screen."""
    (fault,) = faults(DEVELOPMENT | {"PORT": "9" * 5000})
    assert len(fault) < 200


def test_text_that_is_no_text_is_refused() -> None:
    """Bytes that are not UTF-8 are one fault, although the secret stands in for another."""
    (fault,) = faults(PRODUCTION | {"SECRET_KEY": "\udcff" * 40, "JWT_SECRET_KEY": ""})
    assert fault == "SECRET_KEY must be text in UTF-8."


def test_an_access_key_needs_its_secret() -> None:
    """Half a pair of credentials is told at the start, not by the first call."""
    half = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY work only together; set both or neither."
    assert faults(DEVELOPMENT | {"AWS_ACCESS_KEY_ID": "AKIA"}) == (half,)
    assert faults(DEVELOPMENT | {"AWS_SECRET_ACCESS_KEY": "secret"}) == (half,)
    (fault,) = faults(DEVELOPMENT | {"AWS_SESSION_TOKEN": "token"})
    assert fault.startswith("AWS_SESSION_TOKEN works only together with")


def test_two_variables_never_name_one_table() -> None:
    """Two kinds of items in one table would overwrite each other."""
    (fault,) = faults(DEVELOPMENT | {"DYNAMODB_OAUTH_TABLE": "axnt", "DYNAMODB_OAUTH_LOGS_TABLE": "axnt"})
    assert fault.startswith("DYNAMODB_OAUTH_TABLE and DYNAMODB_OAUTH_LOGS_TABLE name the same table, axnt;")


@pytest.mark.parametrize("name", SECRETS)
def test_no_message_and_no_repr_holds_a_secret(name: str) -> None:
    """A secret is in no refusal, and not in the text of a configuration that ends in a log."""
    told = f"{name}-of-{SECRET}"
    environ = DEVELOPMENT | {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret", name: told}
    assert told not in repr(Config.from_env(environ))
    assert told not in str(Config.from_env(environ))
    refused = faults(environ | {"FLASK_ENV": "production", name: told[-20:], "PORT": "x"})
    assert not [fault for fault in refused if told[-20:] in fault]


def test_a_password_in_an_address_is_not_repeated() -> None:
    """Where somebody put a password into an address, the refusal does not show it."""
    (fault,) = faults(DEVELOPMENT | {"AWS_ENDPOINT_URL": "http://user:hunter2@localhost:4566"})
    assert fault == "AWS_ENDPOINT_URL must be an address such as http://localhost:8000."


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"JWT_REFRESH_EXPIRY": "1m"}, "JWT_REFRESH_EXPIRY must not be shorter than JWT_ACCESS_EXPIRY."),
        ({"SESSION_IDLE_EXPIRY": "14m"}, "SESSION_IDLE_EXPIRY must not be shorter than JWT_ACCESS_EXPIRY."),
        ({"REFRESH_GRACE": "11m"}, "REFRESH_GRACE must be from 1s to 10m"),
        ({"JWT_ACCESS_EXPIRY": "15ms"}, "JWT_ACCESS_EXPIRY must be from 1s to 3660d"),
        ({"ADMIN_MAX_AGE": "4ms"}, "ADMIN_MAX_AGE must be from 1s to 3660d"),
        ({"AUDIT_RETENTION": "365m"}, "AUDIT_RETENTION must be from 1d to 3660d"),
        ({"OAUTH_LOG_RETENTION": "90s"}, "OAUTH_LOG_RETENTION must be from 1h to 3660d"),
        ({"SMTP_TIMEOUT": "10ms"}, "SMTP_TIMEOUT must be from 1s to 3660d"),
        ({"DYNAMODB_DEADLINE": "2m"}, "DYNAMODB_DEADLINE must be from 100ms to 60s"),
        ({"OTP_EXPIRY": "601s"}, "OTP_EXPIRY must be from 1m to 10m"),
        ({"OTP_RESEND_DELAY": "11m"}, "OTP_EXPIRY must not be shorter than OTP_RESEND_DELAY."),
        ({"OTP_EXPIRY": "59s"}, "OTP_EXPIRY must be from 1m to 10m"),
        ({"MAGIC_LINK_EXPIRY": "299s"}, "MAGIC_LINK_EXPIRY must be from 5m to 60m"),
        ({"MAGIC_LINK_EXPIRY": "3601s"}, "MAGIC_LINK_EXPIRY must be from 5m to 60m"),
        ({"ANDROID_PACKAGE": "com.example.panzoto"}, "ANDROID_PACKAGE and ANDROID_CERT_SHA256 work only together"),
        ({"ANDROID_CERT_SHA256": CERTIFICATE}, "ANDROID_PACKAGE and ANDROID_CERT_SHA256 work only together"),
        ({"PASSWORD_RESET_EXPIRY": "9m"}, "PASSWORD_RESET_EXPIRY must be from 10m to 60m"),
        ({"EMAIL_VERIFICATION_EXPIRY": "2h"}, "EMAIL_VERIFICATION_EXPIRY must be from 10m to 60m"),
        ({"LEGACY_TOKENS_UNTIL": "soon"}, "LEGACY_TOKENS_UNTIL must be a day or a time"),
        ({"RATE_LIMITS": "login.account=0/1m"}, "RATE_LIMITS must be limits such as"),
        ({"RATE_LIMITS": "login.account=1/1ms"}, "RATE_LIMITS must be limits whose windows are a second"),
        ({"RATE_LIMITS": "nothing=1/1m"}, "RATE_LIMITS must be limits such as"),
        ({"MAIL_FROM": "nobody"}, "MAIL_FROM must be an address such as"),
        ({"MAIL_FROM": "a@b.example, c@d.example"}, "MAIL_FROM must be an address such as"),
        ({"SMS_COUNTRIES": ","}, "SMS_COUNTRIES must be one or more between commas, not ','."),
        ({"SMS_SENDER_ID": "12345"}, "SMS_SENDER_ID must be 1 to 11 letters and digits"),
    ],
)
def test_values_that_make_no_sense_are_refused(change: dict[str, str], sentence: str) -> None:
    """A lifetime, a limit or an address that cannot work is told at the start."""
    (fault,) = faults(DEVELOPMENT | change)
    assert fault.startswith(sentence)


def test_the_policy_and_its_domains_are_read() -> None:
    """Everybody may come in unless somebody asked for approval; domains are kept as emails are."""
    config = Config.from_env(DEVELOPMENT)
    assert (config.needs_approval, config.registers_quietly, config.internal_email_domains) == (False, False, ())
    given = {"REGISTRATION_POLICY": "Approved", "INTERNAL_EMAIL_DOMAINS": "Inside.Example, xn--bcher-kva.example."}
    config = Config.from_env(DEVELOPMENT | given)
    assert (config.needs_approval, config.registers_quietly) == (True, True)
    assert config.internal_email_domains == ("inside.example", "bücher.example")
    config = Config.from_env(DEVELOPMENT | {"PREVENT_ENUMERATION": "1"})
    assert (config.needs_approval, config.registers_quietly) == (False, True)


def test_codes_and_links_have_their_limits() -> None:
    """The longest and the shortest that are allowed are; so are an app and its certificates."""
    config = Config.from_env(
        DEVELOPMENT
        | {"OTP_EXPIRY": "10m", "OTP_RESEND_DELAY": "599s", "MAGIC_LINK_EXPIRY": "60m", "PHONE_NUMBERS": "Mobile"}
        | {"SMS_COUNTRIES": "us, DE,", "APP_SCHEME": "panzoto", "AUDIO_KMS_KEY": "alias/audio"}
        | {"ANDROID_PACKAGE": "com.example.panzoto", "ANDROID_CERT_SHA256": f"{CERTIFICATE.lower()}, {CERTIFICATE}"}
    )
    assert (config.otp_resend_delay, config.magic_link_expiry) == (timedelta(seconds=599), timedelta(hours=1))
    assert (config.phone_numbers, config.sms_countries) == ("mobile", ("US", "DE"))
    assert (config.app_scheme, config.audio_kms_key) == ("panzoto", "alias/audio")
    assert config.android_certificates == (CERTIFICATE, CERTIFICATE)
    assert Config.from_env(DEVELOPMENT | {"MAGIC_LINK_EXPIRY": "5m"}).magic_link_expiry == timedelta(minutes=5)


def test_limits_are_changed_by_name() -> None:
    """Those that are not named keep their defaults."""
    limits = Config.from_env(DEVELOPMENT | {"RATE_LIMITS": "login.account=5/10m, forgot.address=3/1h"}).rate_limits
    assert (limits["login.account"].most, limits["login.account"].window) == (5, timedelta(minutes=10))
    assert limits["login.address"].most == 100
