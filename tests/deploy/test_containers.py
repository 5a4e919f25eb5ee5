"""The image and the composition, as far as they can be proved without an engine of containers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from panzoto.aws.clients import Clients
from panzoto.cli.inspection import name_of
from panzoto.models.spec import TABLES
from tests.support import server
from tests.support.configs import configured
from tests.support.ministack import free_port
from tests.support.needs import needs
from tests.support.server import ROOT

from .conftest import JSON
from .units import environment as of_the_unit

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def service() -> str:
    """The last stage, which is the image."""
    return DOCKERFILE.split("AS service")[1]


def copied() -> list[str]:
    """What the image has of the checkout."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", service(), re.MULTILINE)
    return [word for line in lines for word in line.split()]


def command(name: str) -> list[str]:
    """A command of the Dockerfile, with this machine's programs."""
    found = re.findall(rf"{name} (\[.+\])$", service(), re.MULTILINE)
    words: list[str] = json.loads(found[-1])
    return [str(Path(sys.executable).parent / words[0]), *words[1:]]


@pytest.fixture(scope="module")
def composition() -> dict[str, Any]:
    """`docker-compose.yml` as the program reads it, which refuses what it does not understand."""
    compose = needs("docker-compose")
    said = subprocess.run([compose, "config"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert said.returncode == 0, said.stderr
    services: dict[str, Any] = yaml.safe_load(said.stdout)["services"]
    return services


def test_the_composition(composition: dict[str, Any]) -> None:
    """The three of the seed and what they stand on; each is reached from this machine alone, and may do little."""
    assert {"app", "nginx", "dynamodb"} <= set(composition)
    ports = [each for service in composition.values() for each in service.get("ports", [])]
    # an older program writes `address:port:port`, a newer one says which is which
    assert {each["host_ip"] if isinstance(each, dict) else each.split(":")[0] for each in ports} == {"127.0.0.1"}
    for name in ("app", "setup", "nginx", "aws"):
        assert composition[name]["read_only"] is True
        assert composition[name]["cap_drop"] == ["ALL"]
    for mount in composition["nginx"]["volumes"]:
        assert Path(mount["source"] if isinstance(mount, dict) else mount.split(":")[0]).exists()


def test_the_image_has_what_it_needs(composition: dict[str, Any], ministack: str, account: str, tmp_path: Path) -> None:
    """From what is copied, and from nothing else, the setup makes its things, the server serves and is healthy."""
    for each in copied():
        source = ROOT / each
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, tmp_path / each, ignore=ignored) if source.is_dir() else shutil.copy(source, tmp_path)
    port = free_port()
    given = composition["app"]["environment"] | {"PORT": str(port), "AWS_ACCESS_KEY_ID": account}
    given |= dict.fromkeys(("AWS_ENDPOINT_URL", "DYNAMODB_ENDPOINT", "OUTBOX_URL"), ministack)
    given |= {"PATH": "/usr/bin:/bin", "S3_BUCKET": f"panzoto-{account}", "WEB_CONCURRENCY": "1"}
    setup = [sys.executable, *composition["setup"]["command"][1:]]
    subprocess.run(setup, cwd=tmp_path, env=given, check=True, timeout=120)
    process = subprocess.Popen(
        command("CMD"), cwd=tmp_path, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    served = server.Server(port, process)
    try:
        server.wait_for(served)
        assert subprocess.run(command("HEALTHCHECK .*CMD"), env=given, check=False, timeout=60).returncode == 0
        phone = b'{"phone_number": "+1234567890"}'
        assert served.ask("POST", "/api/v1/auth/initiate-otp", phone, JSON).status == 200
    finally:
        assert served.stop() == 0
    assert subprocess.run(command("HEALTHCHECK .*CMD"), env=given, stderr=subprocess.DEVNULL, check=False).returncode


def test_the_image_runs_as_nobody_and_like_the_unit() -> None:
    """Its user is not root, its memory is handled as by the unit, and what it copies is what the build may see."""
    assert re.search(r"^USER 10001:10001$", service(), re.MULTILINE)
    assert of_the_unit()["GLIBC_TUNABLES"] in service()
    seen = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert seen == {*copied(), *re.findall(r"requirements\S*\.txt(?= /tmp)", DOCKERFILE)}


def test_the_seed_s_script_makes_the_tables(ministack: str, account: str) -> None:
    """`./scripts/create-table.sh`, with no more than the seed's variables, makes every table, TTL and all."""
    given = {"PATH": "/usr/bin:/bin", "DYNAMODB_ENDPOINT": ministack, "DYNAMODB_TABLE_NAME": "QComTable"}
    given |= {"AWS_ACCESS_KEY_ID": account, "FLASK": str(Path(sys.executable).parent / "flask")}
    script = [ROOT / "scripts" / "create-table.sh"]
    said = subprocess.run(script, env=given, check=True, timeout=120, capture_output=True, text=True)
    assert said.stdout.splitlines()[-1] == "The tables are as they are declared."
    config = configured(account, ministack, auth_state_table="QComTable")
    client = Clients(config).dynamodb()
    assert set(client.list_tables()["TableNames"]) == {name_of(config, spec) for spec in TABLES}
    ttl = client.describe_time_to_live(TableName="QComTable")["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "TTL")


def test_make_s_targets_of_the_seed() -> None:
    """`make docker-up`, `setup` and `test-integration` are doors to the same commands."""

    def done(target: str) -> str:
        return subprocess.run(
            [needs("make"), "-n", target], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout

    assert "up --build --detach" in done("docker-up")
    assert "./scripts/create-table.sh" in done("setup")
    assert "PANZOTO_TEST_ENDPOINT=http://localhost:8000" in done("test-integration")
    assert "tests/storage" in done("test-integration")
