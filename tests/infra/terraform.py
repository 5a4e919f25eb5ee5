"""Terraform as an operator has it, on a copy of our modules, against an emulated AWS instead of the real one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.house.source import ROOT
from tests.support.needs import needs

MODULES = ROOT / "infra" / "terraform"
# Where a mirror of providers may be: what terraform itself looks at, then where machines keep software.
PLACES = ("~/.terraform.d", "/usr/local/share/terraform", "/usr/share/terraform", "/opt", "/srv")
SERVICES = (
    *("budgets", "cloudtrail", "cloudwatch", "dynamodb", "iam", "kms", "s3", "secretsmanager"),
    *("ses", "sns", "sts"),
)
SETTINGS = {"bucket": "panzoto-recordings", "mail_identity": "panzoto.example"}
ACCOUNT = "000000000000"


@cache
def mirror() -> Path:
    """The folder that holds the providers of registry.terraform.io; without one the test is skipped by that name."""
    for place in PLACES:
        for folder, names, _ in os.walk(Path(place).expanduser()):
            if "registry.terraform.io" in names:
                return Path(folder)
            if Path(folder).relative_to(Path(place).expanduser()).parts[3:]:
                names.clear()
    sentence = "there is no local mirror of Terraform's providers"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{sentence}, and in CI nothing is skipped for that")
    pytest.skip(sentence)


@contextmanager
def provider() -> Iterator[str]:
    """The provider as one process for all commands, and how Terraform finds it; each command would start it anew.

    It ends with the block, or with whoever holds the other end of its standard input.
    """
    (program,) = mirror().rglob("terraform-provider-aws_v*")
    tethered = '"$0" -debug & read -r _; kill $!; wait $!'
    process = subprocess.Popen(
        ["sh", "-c", tethered, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"]},
        text=True,
    )
    with process:
        assert process.stdout is not None
        found = next(filter(None, (re.search(r"TF_REATTACH_PROVIDERS='(.*)'", line) for line in process.stdout)))
        yield found[1]
        assert process.stdin is not None
        process.stdin.close()


class Terraform:
    """A root module in a folder of the test's, with the provider at the address of an emulator."""

    def __init__(self, folder: Path, endpoint: str, provider: str, main: str | None = None) -> None:
        self._provider = provider
        self._program = needs("terraform")
        self.folder = folder / "terraform"
        if main is None:
            shutil.copytree(MODULES, self.folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        else:
            shutil.copytree(MODULES / "modules", self.folder / "modules")
            (self.folder / "main.tf").write_text(main, encoding="utf-8")
        endpoints = "\n".join(f'    {service} = "{endpoint}"' for service in SERVICES)
        (self.folder / "emulated_override.tf").write_text(
            f"""provider "aws" {{
  region                      = "us-east-1"
  access_key                  = "{ACCOUNT}"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
  endpoints {{
{endpoints}
  }}
}}
""",
            encoding="utf-8",
        )
        self("init", "-input=false", f"-plugin-dir={mirror()}")

    def leave_out(self, resource: str) -> None:
        """Have a resource not made."""
        kind, name = resource.split(".")
        text = f'resource "{kind}" "{name}" {{\n  count = 0\n}}\n'
        (self.folder / f"{name}_override.tf").write_text(text, encoding="utf-8")

    def __call__(self, command: str, *more: str, fails: bool = False) -> str:
        """What a command says; it must succeed, or fail."""
        done = subprocess.run(
            [self._program, f"-chdir={self.folder}", command, *more],
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "CHECKPOINT_DISABLE": "1"}
            | {"TF_REATTACH_PROVIDERS": self._provider},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        said = done.stdout + done.stderr
        assert bool(done.returncode) == fails, said
        return said

    def apply(self, **variables: object) -> None:
        """Make what is missing."""
        self("apply", "-auto-approve", "-parallelism=30", "-input=false", "-no-color", *given_as(variables))

    def plans(self, **variables: object) -> list[dict[str, Any]]:
        """What another apply would change."""
        said = map(json.loads, self("plan", "-json", "-input=false", *given_as(variables)).splitlines())
        changes = [each["change"] for each in said if each["type"] == "planned_change"]
        return [each for each in changes if each["action"] not in ("noop", "read")]

    def outputs(self) -> dict[str, Any]:
        """The outputs."""
        return {name: each["value"] for name, each in json.loads(self("output", "-json")).items()}


def given_as(variables: Mapping[str, object]) -> list[str]:
    """Variables as flags of a command."""
    values = {name: value if isinstance(value, str) else json.dumps(value) for name, value in variables.items()}
    return [f"-var={name}={value}" for name, value in values.items()]
