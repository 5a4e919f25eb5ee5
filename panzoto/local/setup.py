"""`python -m panzoto.local.setup`: what the service wants to find in an emulator that somebody else has started."""

from __future__ import annotations

import sys

from config import Config
from env import ConfigError
from panzoto.deps import build
from panzoto.local.preparing import prepare


def main() -> int:
    """Make what is missing; 1 after a sentence where the configuration is wrong or means AWS itself."""
    try:
        config = _emulated()
    except ConfigError as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    for difference in prepare(build(config), _say):
        _say(difference)
    return 0


def _emulated() -> Config:
    config = Config.from_env()
    if config.production or config.aws_endpoint is None:
        raise ConfigError(
            ["AWS_ENDPOINT_URL must name an emulator, in development; for AWS itself there is Terraform."]
        )
    return config


def _say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main())
