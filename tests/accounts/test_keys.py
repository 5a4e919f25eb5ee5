"""Access tokens signed by a ring of keys, and the ring's turns."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jwt
import moto
import pytest

from env import ConfigError
from panzoto import create_app
from panzoto.aws.clients import Clients
from panzoto.aws.rings import FileRings, RingUnusable, SecretRings
from panzoto.crypto import ring as rings
from panzoto.crypto.ring import Ring
from panzoto.deps import build, now
from panzoto.errors import TokenInvalid
from tests.support.configs import configured

from .conftest import Service


@pytest.fixture(params=["file", "secret"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Where a ring is kept, as the configuration says it."""
    if request.param == "file":
        return {"jwt_keys_file": str(tmp_path / "ring.json")}
    return {"jwt_keys_secret_id": "panzoto/jwt-keys"}


def run(service: Service, *command: str) -> tuple[int, str]:
    """A command of the operator's, on the same configuration."""
    result = create_app(service.deps.config).test_cli_runner().invoke(args=list(command))
    return result.exit_code, result.output


def test_a_ring_is_made_used_and_turned(service_for: Callable[..., Service], place: dict[str, str]) -> None:
    """Before there is a ring the secret signs; then its key does, is published, and is turned with a lead."""
    service = service_for(**place)
    assert "no ring yet" in run(service, "keys", "show")[1]
    assert run(service, "keys", "rotate")[0] == 1
    code, said = run(service, "keys", "generate", "--algorithm", "ES256")
    assert (code, "Restart" in said) == (0, True)
    assert "a ring already" in run(service, "keys", "generate")[1]

    restarted = build(service.deps.config)
    (public,) = restarted.signing_keys.jwks(restarted.clock())["keys"]
    assert public["alg"] == "ES256"
    client = create_app(service.deps.config, restarted).test_client()
    me = client.post("/api/register", json={"email": "ann@example.com", "password": "SecurePassword123!"}).get_json()
    header = jwt.get_unverified_header(me["token"])
    assert (header["alg"], header["kid"]) == ("ES256", public["kid"])
    key = jwt.PyJWK(public).key
    assert jwt.decode(me["token"], key, algorithms=["ES256"], audience="panzoto")["sub"] == me["user_id"]
    assert client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {me['token']}"}).status_code == 200

    code, said = run(service, "keys", "rotate", "--lead-hours", "2")
    assert (code, "within 2 hours" in said) == (0, True)
    turned = build(service.deps.config)
    assert len(turned.signing_keys.jwks(turned.clock())["keys"]) == 2
    assert turned.access_tokens.read(me["token"], turned.clock()).user_id == me["user_id"]
    assert run(service, "keys", "show")[1].count("ES256") == 2

    assert run(service, "keys", "generate", "--replace")[0] == 0
    replaced = build(service.deps.config)
    with pytest.raises(TokenInvalid):
        replaced.access_tokens.read(me["token"], replaced.clock())


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody else reads the private keys."""
    place = FileRings(str(tmp_path / "ring.json"))
    place.change(lambda _: rings.generate("EdDSA", now()))
    assert (tmp_path / "ring.json").stat().st_mode & 0o777 == 0o600


def test_two_who_turn_a_file_at_once(tmp_path: Path) -> None:
    """Of two who change the file at one moment one is refused, and no key is lost."""
    place = FileRings(str(tmp_path / "ring.json"))
    first = place.change(lambda _: rings.generate("EdDSA", now()))

    def meanwhile(_: Ring | None) -> Ring:
        with pytest.raises(RingUnusable, match="Somebody else changes"):
            FileRings(str(tmp_path / "ring.json")).change(lambda _: first)
        return first

    place.change(meanwhile)
    assert place.change(_same).write() == first.write(), "it is let go of"


def test_a_folder_that_cannot_be_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the folder is one of NFS, which refuses to lock it, that is a sentence, and the ring stays as it was."""
    place = FileRings(str(tmp_path / "ring.json"))
    kept = place.change(lambda _: rings.generate("EdDSA", now()))

    def refuses(*_: int) -> None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    monkeypatch.setattr(fcntl, "flock", refuses)
    with pytest.raises(RingUnusable, match="cannot be held for a change: Bad file descriptor"):
        place.change(lambda _: rings.generate("EdDSA", now()))
    assert (found := place.read()) is not None
    assert found.write() == kept.write()


def test_two_who_turn_a_secret_at_once() -> None:
    """Of two who have read the same version one is refused, where the secret is made as where it is turned."""
    with moto.mock_aws():
        client = Clients(configured("1" * 12, None)).secrets()
        place, other = SecretRings(client, "ring"), SecretRings(client, "ring")
        kept: list[Ring] = []

        def meanwhile(_: Ring | None) -> Ring:
            kept.append(other.change(lambda _: rings.generate("EdDSA", now())))
            return rings.generate("EdDSA", now())

        for _ in range(2):
            with pytest.raises(RingUnusable, match="Somebody else has changed"):
                place.change(meanwhile)
            assert place.change(_same).write() == kept[-1].write()


def test_a_secret_that_holds_nothing_yet() -> None:
    """Whoever makes it by Terraform or by hand gets the first ring into it, and of two who make it one is refused."""
    with moto.mock_aws():
        client = Clients(configured("1" * 12, None)).secrets()
        client.create_secret(Name="ring")
        place, kept = SecretRings(client, "ring"), rings.generate("EdDSA", now())
        assert place.read() is None

        def meanwhile(_: Ring | None) -> Ring:
            SecretRings(client, "ring").change(lambda _: kept)
            return rings.generate("EdDSA", now())

        with pytest.raises(RingUnusable, match="Somebody else has changed"):
            place.change(meanwhile)
        assert place.change(_same).write() == kept.write()


def _same(ring: Ring | None) -> Ring:
    assert ring is not None
    return ring


def test_a_broken_ring_stops_the_start(service_for: Callable[..., Service], tmp_path: Path) -> None:
    """A ring that cannot be read is a sentence at the start, not a 500 at the first sign-in."""
    (tmp_path / "ring.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds no ring"):
        service_for(jwt_keys_file=str(tmp_path / "ring.json"))
    with pytest.raises(ConfigError, match="cannot be read"):
        service_for(jwt_keys_file=str(tmp_path))
    (tmp_path / "ring.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="it is no text"):
        service_for(jwt_keys_file=str(tmp_path / "ring.json"))


def test_what_cannot_be_written_is_said(service: Service, tmp_path: Path) -> None:
    """A folder that is not there, and a Secrets Manager that is not, are faults with a sentence."""
    ring = rings.generate("EdDSA", service.clock.now)
    with pytest.raises(RingUnusable, match="cannot be used"):
        FileRings(str(tmp_path / "missing" / "ring.json")).change(lambda _: ring)
    away = build_away(service)
    for act in (lambda: away.change(lambda _: ring), away.read):
        with pytest.raises(RingUnusable, match="the secret"):
            act()


def test_without_a_place_the_commands_say_so(service: Service) -> None:
    """The commands name the variables that are to be set."""
    code, said = run(service, "keys", "generate")
    assert (code, "JWT_KEYS_FILE" in said) == (1, True)


def build_away(service: Service) -> SecretRings:
    """A place whose Secrets Manager is not there."""
    config = replace(service.deps.config, aws_endpoint="http://127.0.0.1:9")
    return SecretRings(Clients(config).secrets(), "x")
