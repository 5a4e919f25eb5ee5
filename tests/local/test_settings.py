"""The environment that `make run` gives to what it starts."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from dotenv import dotenv_values

from config import Config
from env import ConfigError
from panzoto import allocator
from panzoto.local import settings
from panzoto.local.settings import Settings, as_env_file, environment

MADE = {"SECRET_KEY": "made-once-and-for-all-0123456789abcdef", "JWT_SECRET_KEY": "made-too-0123456789abcdef012345"}


def test_env_file_of_the_checkout_fills_what_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` is honoured, and what the environment sets stands before it."""
    (tmp_path / ".env").write_text("PORT=5001\nEMULATOR_PORT=4567\nPANZOTO_DATA=elsewhere\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORT", "5002")
    for name in ("EMULATOR_PORT", "PANZOTO_DATA", "RELOAD"):
        monkeypatch.delenv(name, raising=False)
    read = Settings.from_env(settings.given())
    assert read == Settings(port=5002, emulator_port=4567, data="elsewhere")


def test_nothing_of_the_users_aws_account_reaches_the_backend() -> None:
    """Profiles, keys, tokens and endpoints of the user's own are not what a run of development works with."""
    user = {
        "AWS_PROFILE": "work",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
        "DYNAMODB_ENDPOINT": "http://localhost:8000",
        "FLASK_ENV": "production",
    }
    given = environment(user, Settings(emulator_port=4600), MADE)
    config = Config.from_env(given)
    assert config.environment == "development"
    assert {config.aws_endpoint, config.dynamodb_endpoint, config.outbox_url} == {"http://127.0.0.1:4600"}
    assert (config.aws_access_key_id, config.aws_session_token) == ("test", None)
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3"} & set(given)
    assert "real" not in given.values()


def test_names_of_tables_and_secrets_of_the_user_stay() -> None:
    """What else the user set passes through; a secret of theirs is not joined by one of ours."""
    given = environment({"DYNAMODB_TABLE_NAME": "QComTable", "SECRET_KEY": "theirs"}, Settings(), MADE)
    config = Config.from_env(given)
    assert config.auth_state_table == "QComTable"
    assert (config.secret_key, config.jwt_secret_key) == ("theirs", "theirs")


def test_the_allocator_is_told_before_the_process_begins() -> None:
    """The library reads its settings once; what the user set stands."""
    assert allocator.wanting(environment({}, Settings(), MADE)) == []
    assert environment({"GLIBC_TUNABLES": "glibc.malloc.check=3"}, Settings(), MADE)["GLIBC_TUNABLES"].endswith(
        "check=3"
    )


def test_calls_to_the_emulator_take_no_proxy() -> None:
    """A proxy of the user's is not asked for the loopback."""
    given = environment({"HTTP_PROXY": "http://proxy.example", "NO_PROXY": "intern"}, Settings(), MADE)
    assert given["NO_PROXY"] == given["no_proxy"] == "intern,127.0.0.1,localhost"


def test_env_file_says_what_the_environment_said() -> None:
    """Spaces and double quotes survive the file that commands and shells read."""
    odd = {"S3_BUCKET": "bucket-1", "METRICS_TOKEN": 'a "token" of $words # not a comment'}
    written = as_env_file(environment(odd, Settings(), MADE))
    read = dotenv_values(stream=io.StringIO(written))
    assert {name: read[name] for name in (*odd, *MADE)} == {**odd, **MADE}


@pytest.mark.parametrize("value", ["it's", "a\\b", "${HOME}", "two\nlines"])
def test_what_a_shell_and_dotenv_read_differently_is_refused(value: str) -> None:
    """A secret that the commands would read as another is refused by name, and not shown."""
    with pytest.raises(ConfigError, match="METRICS_TOKEN must not hold"):
        as_env_file(environment({"METRICS_TOKEN": value}, Settings(), MADE))
