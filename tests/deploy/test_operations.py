"""`docs/operations.md`, read as a script: its blocks of commands are run in their order, on what they have made."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest
from dotenv import dotenv_values

from panzoto.cli.tables import create_all
from panzoto.deps import Deps, build
from panzoto.local.preparing import KEYS, make_key, make_secret
from tests.messages.certificates import Authority
from tests.support import nginx as web
from tests.support import server as gunicorn
from tests.support.configs import configured
from tests.support.effort import tried_in_ci
from tests.support.ministack import free_port
from tests.support.needs import needs

from .conftest import JSON, PERSON, SETTINGS
from .standing_in import put_into
from .units import environment as of_the_unit

PAGE = gunicorn.ROOT / "docs" / "operations.md"
# Terraform's chapter has tests of its own.
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
PLACES = ("/srv/panzoto", "/etc/panzoto", "/etc/nginx", "/etc/systemd")


class Machine:
    """A machine of production below a folder: its places, its programs, and an AWS that is emulated."""

    def __init__(self, folder: Path, ministack: str, account: str) -> None:
        self.folder = folder
        self.ports = {"tls": free_port(), "plain": free_port()}
        self.environment = folder / "etc/panzoto/environment"
        self.authority = Authority.made(folder)
        self.authority.context(web.HOST)
        self._programs = put_into(folder, self.ports)
        self._account, self._ministack = account, ministack
        self._lay_out()

    def _lay_out(self) -> None:
        """What stands on a machine before the first command: nginx, a certificate, and whom curl trusts."""
        etc = self.folder / "etc"
        (etc / "systemd" / "system").mkdir(parents=True)
        (etc / "nginx" / "panzoto").mkdir(parents=True)
        (etc / "nginx" / "conf.d").mkdir()
        (etc / "nginx" / "nginx.conf").write_text(web.MAIN.format(folder=etc / "nginx"))
        pem = (self.folder / f"{web.HOST}.pem").read_bytes()
        for name in ("fullchain.pem", "privkey.pem"):
            (etc / "nginx" / "panzoto" / name).write_bytes(pem)
        to = f"{web.HOST}:443:127.0.0.1:{self.ports['tls']}"
        (self.folder / ".curlrc").write_text(f'connect-to = "{to}"\ncacert = "{self.authority.file}"\n')
        (self.folder / "journal").write_text('{"event":"request","address":"203.0.113.9"}\n' * 2)

    def run(self, block: str) -> None:
        """Run a block of the page here; each of its commands must end well."""
        for place in PLACES:
            block = re.sub(rf"(?<![\w.]){place}", f"{self.folder}{place}", block)
        given = {
            "PATH": f"{self._programs}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "CURL_HOME": str(self.folder),
            "PIP_NO_INDEX": "1",
            "AWS_ENDPOINT_URL": self._ministack,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": self._account,
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=gunicorn.ROOT,
            env=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"

    def fill_in(self, **variables: str) -> None:
        """What an operator fills in by hand."""
        with self.environment.open("a") as file:
            file.writelines(f'{name}="{value}"\n' for name, value in variables.items())

    def variables(self) -> dict[str, str]:
        """What a server is started with."""
        given = {name: value or "" for name, value in dotenv_values(self.environment).items()}
        return {**gunicorn.environment(self._ministack, self._account), **of_the_unit(), **given}


@pytest.fixture
def parts(ministack: str, account: str) -> Deps:
    """What Terraform makes."""
    made = build(configured(account, ministack))
    create_all(made.clients, made.config, print)
    made.clients.s3().create_bucket(Bucket=made.config.s3_bucket)
    for alias, about in KEYS.items():
        make_key(made.clients.kms(), alias, about)
    make_secret(made.clients.secrets())
    return made


@pytest.fixture
def machine(tmp_path: Path, ministack: str, account: str) -> Machine:
    """A machine on which nothing of ours is yet."""
    for program in ("git", "curl", "aws", "openssl"):
        needs(program)
    return Machine(tmp_path, ministack, account)


@pytest.fixture
def left() -> Iterator[ExitStack]:
    """What runs until the test ends."""
    with ExitStack() as stack:
        yield stack


def come_up(machine: Machine, left: ExitStack) -> None:
    """Start what the units and nginx would be, and let somebody register."""
    folder = machine.folder / "etc" / "nginx"
    given = machine.variables() | {"PANZOTO_METRICS": str(machine.folder / "metrics"), "WEB_CONCURRENCY": "1"}
    server = left.enter_context(gunicorn.serving(given))
    place = folder / "panzoto" / "place.conf"
    place.write_text(place.read_text().replace("127.0.0.1:5000", f"127.0.0.1:{server.port}"))
    nginx = left.enter_context(web.running(folder, machine.ports["tls"], machine.authority))
    assert nginx.ask("POST", "/api/register", orjson.dumps(PERSON), JSON).status == 201


@tried_in_ci
def test_the_page_is_true(machine: Machine, parts: Deps, left: ExitStack, account: str, ministack: str) -> None:
    """Every block ends well; in the end the service stands on a restored table, and its secrets are new ones."""
    up = False
    for block in BLOCKS:
        if "curl" in block and not up:
            come_up(machine, left)
            up = True
        machine.run(block)
        if "environment.example" in block:
            ring = machine.folder / "ring.json"
            emulated = {"FLASK_ENV": "development", "AWS_ENDPOINT_URL": ministack, "S3_BUCKET": parts.config.s3_bucket}
            machine.fill_in(**emulated, JWT_KEYS_FILE=str(ring), **SETTINGS)
            (machine.folder / "etc/panzoto/google-client.json").write_text('{"client_id": "c", "client_secret": "s"}')
            first = machine.variables()
        if "ln -sfn /srv/panzoto/releases" in block:
            machine.run(
                "cp -a /srv/panzoto/current /srv/panzoto/releases/before; touch -hd @0 /srv/panzoto/releases/before"
            )
        if "tables check" in block and not ring.exists():
            machine.run("cd /srv/panzoto/current && .venv/bin/flask --env-file /etc/panzoto/environment keys generate")
    last = machine.variables()
    assert last["JWT_SECRET_KEY_PREVIOUS"] == first["JWT_SECRET_KEY"] != last["JWT_SECRET_KEY"]
    assert len({first[name] for name in ("SECRET_KEY", "JWT_SECRET_KEY", "METRICS_TOKEN")}) == 3
    restored = build(configured(account, ministack, users_table=last["USERS_TABLE"]), operator=True)
    assert [user["email"] for user in restored.users.scan()] == [PERSON["email"]]
    assert "restart panzoto@1 panzoto@2 panzoto-work" in (machine.folder / "systemctl.log").read_text()
