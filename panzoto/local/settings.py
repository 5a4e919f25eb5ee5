"""What `make run` is told by the environment, and the environment that it gives to what it starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import env
import formats
import providers
from config import Config
from env import var
from panzoto import allocator

LOOPBACK = "127.0.0.1"
SECRETS = ("SECRET_KEY", "JWT_SECRET_KEY")
# The emulator takes any key; these are the ones that its users type.
DUMMY = "test"
NO_FILES = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where `make run` puts things. The service itself reads nothing of this but `PORT`."""

    port: int = var("PORT", formats.whole(1, 65535), 5000, says="The port of the backend.")
    emulator_port: int = var("EMULATOR_PORT", formats.whole(1, 65535), 4566, says="The port of the embedded AWS.")
    data: str = var(
        "PANZOTO_DATA", formats.text, ".panzoto", says="The folder that keeps the data, the secrets and the log."
    )
    reload: bool = var("RELOAD", formats.flag, False, says="Whether the backend starts again when its code changes.")

    @classmethod
    def from_env(cls, given: Mapping[str, str]) -> Self:
        """The settings that the environment gives; what is wrong with it ends the process with a sentence each."""
        values, faults = env.read(cls, given)
        settings = cls(**values)
        if not faults and settings.port == settings.emulator_port:
            faults.append(
                f"PORT and EMULATOR_PORT are both {settings.port}; the backend and the emulator need one each."
            )
        if faults:
            raise env.ConfigError(faults)
        return settings

    @property
    def emulator(self) -> str:
        """The address of the embedded AWS."""
        return f"http://{LOOPBACK}:{self.emulator_port}"


def given() -> dict[str, str]:
    """What the user set: the environment, and `.env` for what the environment leaves open."""
    return {**env.of_development({**os.environ, "FLASK_ENV": "development"}), **os.environ}


def environment(given: Mapping[str, str], settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    """What the backend gets: everything that the user set, but the embedded AWS in place of their AWS account."""
    region = given.get("AWS_REGION") or "us-east-1"
    unproxied = [given.get("NO_PROXY") or given.get("no_proxy"), LOOPBACK, "localhost"]
    kept = {name: value for name, value in given.items() if not name.startswith("AWS_")}
    if not any(given.get(name) for name in SECRETS):
        kept.update(secrets)
    return {
        allocator.VARIABLE: allocator.TUNABLES,
        **kept,
        "FLASK_ENV": "development",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": DUMMY,
        "AWS_SECRET_ACCESS_KEY": DUMMY,
        # Nothing of the user's own AWS reaches a run, not even a file that cannot be read.
        **NO_FILES,
        # Set, so that `.env`, which the service reads for what is not set, cannot bring in the real ones.
        "AWS_SESSION_TOKEN": "",
        "AWS_ENDPOINT_URL": settings.emulator,
        "DYNAMODB_ENDPOINT": settings.emulator,
        "OUTBOX_URL": settings.emulator,
        "PUBLIC_URL": given.get("PUBLIC_URL") or f"http://localhost:{settings.port}",
        "PORT": str(settings.port),
        "NO_PROXY": ",".join(filter(None, unproxied)),
        "no_proxy": ",".join(filter(None, unproxied)),
    }


def as_env_file(environment: Mapping[str, str]) -> str:
    """The variables of the service among these, for `flask --env-file` and for a shell."""
    names = [each.metadata["name"] for each in fields(Config)]
    named = providers.variables(providers.named(environment.get("OAUTH_PROVIDERS", "")))
    wanted = [*names, *named, "AWS_DEFAULT_REGION", "NO_PROXY", *NO_FILES]
    return "".join(f"{name}={_quoted(name, environment[name])}\n" for name in wanted if name in environment)


def _quoted(name: str, value: str) -> str:
    """The value as a shell and python-dotenv read it alike."""
    if any(sign in value for sign in ("'", "\\", "${", "\n")):
        raise env.ConfigError([f"{name} must not hold a quote, a backslash, ${{ or a line break."])
    return f"'{value}'"
