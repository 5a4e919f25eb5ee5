"""What production refuses, each alone and all at once, and what development forgives."""

from __future__ import annotations

import pytest

from config import LOCAL_SENDER, PUBLISHED, Config
from env import ConfigError

from .settings import DEVELOPMENT, JWT_SECRET, PRODUCTION, PUBLIC, SECRET

SHORT = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5"
REFUSALS = [
    ({"SECRET_KEY": SHORT}, "The secret in SECRET_KEY must be at least 32 bytes"),
    ({"JWT_SECRET_KEY": SHORT}, "The secret in JWT_SECRET_KEY must be at least 32 bytes"),
    ({"METRICS_TOKEN": SHORT}, "The secret in METRICS_TOKEN must be at least 32 bytes"),
    ({"SECRET_KEY": "abababab" * 8}, "The secret in SECRET_KEY must be at least 32 bytes long and hard to guess."),
    ({"OTP_TEST_MODE": "1"}, "OTP_TEST_MODE must be off in production"),
    ({"CORS_ORIGINS": "*", "CORS_CREDENTIALS": "1"}, "CORS_ORIGINS must name its origins"),
    ({"AWS_ENDPOINT_URL": "http://localhost:4566"}, "AWS_ENDPOINT_URL points at http://localhost:4566"),
    ({"DYNAMODB_ENDPOINT": "http://localhost:8000"}, "DYNAMODB_ENDPOINT points at http://localhost:8000"),
    ({"PUBLIC_URL": "http://panzoto.example.com"}, "PUBLIC_URL must be an https address"),
    ({"TRUSTED_PROXIES": "0"}, "TRUSTED_PROXIES is 0, but only a proxy reaches BIND"),
    ({"JWT_SECRET_KEY_PREVIOUS": SHORT}, "The secret in JWT_SECRET_KEY_PREVIOUS must be at least 32 bytes"),
    ({"SECRET_KEY_PREVIOUS": SHORT}, "The secret in SECRET_KEY_PREVIOUS must be at least 32 bytes"),
    ({"JWT_KEYS_FILE": "a", "JWT_KEYS_SECRET_ID": "b"}, "JWT_KEYS_FILE and JWT_KEYS_SECRET_ID are two places"),
    ({"MAIL_FROM": LOCAL_SENDER}, "MAIL_FROM is not set"),
    ({"MAIL_SENDER": "smtp"}, "SMTP_HOST must be set"),
    ({"MAIL_SENDER": "smtp", "SMTP_HOST": "mail.example.com", "SMTP_USER": "u"}, "SMTP_USER and SMTP_PASSWORD work"),
    ({"MAIL_SENDER": "smtp", "SMTP_HOST": "mail.example.com", "SMTP_SECURITY": "none"}, "SMTP_SECURITY must not be"),
    ({"OUTBOX_URL": "https://outbox.example.com"}, "OUTBOX_URL points at https://outbox.example.com"),
]
LOCAL = [
    *("http://dynamodb.us-east-1.amazonaws.com", "https://localhost", "https://localhost.", "https://emulator:8000"),
    *("https://127.0.0.1", "https://127.1", "https://0x7f.1", "https://10.1.2.3", "https://[::1]:8000"),
    *("https://[::ffff:127.0.0.1]", "https://db.internal", "https://db.localhost", "https://db.local"),
    *("https://169.254.169.254", "https://[fd00::1]"),
]


def faults(environ: dict[str, str]) -> tuple[str, ...]:
    """The sentences that refuse an environment."""
    with pytest.raises(ConfigError) as refused:
        Config.from_env(environ)
    return refused.value.faults


def test_starts_with_secrets_of_its_own() -> None:
    """Two long secrets, an address and a sender are all that production asks for."""
    config = Config.from_env(PRODUCTION)
    assert (config.secret_key, config.jwt_secret_key, config.production) == (SECRET, JWT_SECRET, True)


def test_is_production_unless_somebody_asks_for_development() -> None:
    """Without FLASK_ENV the strict rules hold."""
    assert Config.from_env({"SECRET_KEY": SECRET, **PUBLIC}).production


@pytest.mark.parametrize(("change", "sentence"), REFUSALS)
def test_production_refuses_each_danger_alone(change: dict[str, str], sentence: str) -> None:
    """One danger is one sentence that names its variable."""
    (fault,) = faults(PRODUCTION | change)
    assert fault.startswith(sentence)


@pytest.mark.parametrize("secret", sorted(PUBLISHED))
def test_production_refuses_secrets_that_documents_show(secret: str) -> None:
    """A secret that was printed somewhere is none, however long it is."""
    (fault,) = faults(PRODUCTION | {"JWT_SECRET_KEY": secret})
    assert fault == "The secret in JWT_SECRET_KEY was published; make one of your own."


def test_production_refuses_all_dangers_at_once() -> None:
    """Every fault is told in one message, so that a deployment is not refused nine times in a row."""
    environ = PRODUCTION | {name: value for change, _ in REFUSALS for name, value in change.items()}
    told = faults(environ | {"SECRET_KEY": "short", "USERS_TABLE": "a b", "PORT": "high", "JWT_ACCESS_EXPIRY": "15"})
    for name in ("SECRET_KEY", "JWT_SECRET_KEY", "METRICS_TOKEN", "OTP_TEST_MODE", "CORS_ORIGINS", "OUTBOX_URL"):
        assert any(name in fault for fault in told)
    for name in ("AWS_ENDPOINT_URL", "DYNAMODB_ENDPOINT", "USERS_TABLE", "PORT", "JWT_ACCESS_EXPIRY"):
        assert any(name in fault for fault in told)


@pytest.mark.parametrize("environment", [{}, {"FLASK_ENV": "production"}, {"FLASK_ENV": "development"}])
def test_nothing_starts_without_a_secret(environment: dict[str, str]) -> None:
    """A missing secret is one fault, and its sentence says how to make one; blank is missing."""
    for blank in ({}, {"SECRET_KEY": "  ", "JWT_SECRET_KEY": ""}):
        (fault,) = faults(PUBLIC | environment | blank)
        assert fault.startswith("SECRET_KEY is not set. Make one with: python3 -c")


@pytest.mark.parametrize("address", LOCAL)
def test_production_refuses_every_spelling_of_a_local_address(address: str) -> None:
    """No TLS, a bare name, a private number or a number in another spelling is not AWS."""
    (fault,) = faults(PRODUCTION | {"DYNAMODB_ENDPOINT": address})
    assert "DYNAMODB_ENDPOINT" in fault


@pytest.mark.parametrize("address", ["https://dynamodb.eu-west-1.amazonaws.com", "https://vpce-1.dynamodb.example.com"])
def test_production_accepts_another_address_of_aws(address: str) -> None:
    """An endpoint of AWS in a private network has a public name and TLS."""
    assert Config.from_env(PRODUCTION | {"DYNAMODB_ENDPOINT": address}).dynamodb_endpoint == address


def test_development_forgives_what_only_production_must_not_have() -> None:
    """A short secret, readable codes and an emulator are what development is for."""
    given = {"OTP_TEST_MODE": "on", "AWS_ENDPOINT_URL": "http://localhost:4566", "OUTBOX_URL": "http://localhost:4566"}
    config = Config.from_env(DEVELOPMENT | given)
    assert (config.otp_test_mode, config.production) == (True, False)


def test_one_secret_stands_in_for_the_other() -> None:
    """SECRET_KEY alone or JWT_SECRET_KEY alone is enough; if it is weak, that is one fault and not two."""
    for name in ("SECRET_KEY", "JWT_SECRET_KEY"):
        config = Config.from_env({name: SECRET, **PUBLIC})
        assert config.secret_key == config.jwt_secret_key == SECRET
        (fault,) = faults({name: SHORT, **PUBLIC})
        assert fault.startswith("The secret in SECRET_KEY and JWT_SECRET_KEY must be")


def test_a_wildcard_origin_with_cookies_is_refused_everywhere() -> None:
    """A browser of any site could act as the person; that is no more right in development."""
    (fault,) = faults(DEVELOPMENT | {"CORS_ORIGINS": "https://a.example, *", "CORS_CREDENTIALS": "1"})
    assert fault.startswith("CORS_ORIGINS must name its origins")
