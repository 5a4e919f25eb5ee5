"""The journal goes to another machine, which takes it from whoever has a certificate and gives it to nobody."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path

import orjson
import pytest

from tests.messages.certificates import Authority
from tests.support.ministack import free_port
from tests.support.needs import needs
from tests.support.nginx import DEPLOY, MAIN, running

from .units import settings

UPLOAD, REMOTE = (f"/lib/systemd/systemd-journal-{name}" for name in ("upload", "remote"))
LINE = """__REALTIME_TIMESTAMP=170000000000000{number}
__MONOTONIC_TIMESTAMP={number}
_BOOT_ID=0123456789abcdef0123456789abcdef
_SYSTEMD_UNIT=panzoto@1.service
MESSAGE={{"event":"request","number":{number}}}

"""
SECONDS = 20
# Whoever sends shows this, and whoever receives is called that.
SENDER, RECEIVER = "one-of-ours", "localhost"
NAMES = {"key.pem": SENDER, "certificate.pem": SENDER, "authority.pem": "authority"}


@dataclass
class Journals:
    """A machine that sends and one that receives, and who vouches for both."""

    folder: Path
    authority: Authority
    port: int

    def note(self, *numbers: int) -> None:
        """Lines of the journal of ours."""
        lines = "".join(LINE.format(number=number) for number in numbers)
        write = [needs(REMOTE), f"--output={self.folder / f'ours-{numbers[0]}.journal'}", "-"]
        subprocess.run(write, input=lines, text=True, check=True, capture_output=True, timeout=SECONDS)

    def send(self, *, credentials: Path | None = None) -> int:
        """Send what was not sent yet, by the command of the unit, which ends here instead of waiting for more."""
        (command,) = [each for each in settings(DEPLOY / "journal" / "sending.conf")["ExecStart"] if each]
        command = command.replace("${JOURNAL_URL}", f"https://{RECEIVER}:{self.port}")
        words = shlex.split(command.replace("%d", str(credentials or self.folder)))
        words[words.index("--save-state")] = f"--save-state={self.folder / 'state'}"
        here = ["--follow=no", f"--file={self.folder}/ours-*.journal"]
        sent = subprocess.run([needs(UPLOAD), *words[1:], *here], check=False, capture_output=True, timeout=SECONDS)
        return sent.returncode

    def received(self) -> list[int]:
        """The numbers of the lines that have arrived."""
        file = str(self.folder / "received" / "panzoto.journal")
        read = [needs("journalctl"), "--file", file, "--output=json", "--output-fields=MESSAGE", "--no-pager"]
        said = subprocess.run(read, check=True, capture_output=True, timeout=SECONDS).stdout
        return [orjson.loads(orjson.loads(each)["MESSAGE"])["number"] for each in said.splitlines()]

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """The other machine, as its file of nginx says; it ends with the block."""
        behind, folder = free_port(), self.folder / "nginx"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "conf.d").mkdir(parents=True)
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
        text = (DEPLOY / "journal" / "receiving.conf").read_text(encoding="utf-8")
        text = text.replace("19532", f"127.0.0.1:{self.port}").replace("127.0.0.1:19531", f"127.0.0.1:{behind}")
        (folder / "conf.d" / "panzoto.conf").write_text(text)
        certified(self.authority, RECEIVER, folder / "journal")
        with remote(behind, self.folder / "received"), running(folder, self.port, self.authority):
            yield


def certified(authority: Authority, name: str, folder: Path) -> Path:
    """A folder with a key, its certificate, and who has signed it."""
    folder.mkdir(exist_ok=True)
    authority.context(name)
    for file in ("key.pem", "certificate.pem"):
        shutil.copy(authority.folder / f"{name}.pem", folder / file)
    if authority.file.parent != folder:
        shutil.copy(authority.file, folder / "authority.pem")
    return folder


@contextmanager
def remote(port: int, folder: Path) -> Iterator[None]:
    """What writes down that which arrives."""
    folder.mkdir(exist_ok=True)
    output = f"--output={folder / 'panzoto.journal'}"
    process = subprocess.Popen(
        [needs(REMOTE), f"--listen-http=127.0.0.1:{port}", "--split-mode=none", output],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ends = time.monotonic() + SECONDS
        while not accepts(port):
            assert process.poll() is None
            assert time.monotonic() < ends
        yield
    finally:
        process.terminate()
        process.wait(SECONDS)


def accepts(port: int) -> bool:
    """Whether somebody listens there; a moment passes first."""
    time.sleep(0.01)  # between two looks; the deadline of who asks decides
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def journals(tmp_path: Path) -> Journals:
    """Both machines; the receiver is off."""
    for program in (UPLOAD, REMOTE, "journalctl", "nginx"):
        needs(program)
    authority = Authority.made(tmp_path)
    certified(authority, SENDER, tmp_path)
    return Journals(tmp_path, authority, free_port())


def test_every_line_arrives(journals: Journals) -> None:
    """What the other machine could not take is sent when it is back; a new start may repeat the line before."""
    journals.note(1, 2)
    with journals.receiving():
        assert journals.send() == 0
        assert journals.received() == [1, 2]
    journals.note(3, 4)
    assert journals.send() != 0
    with journals.receiving():
        assert journals.send() == 0
    received = journals.received()
    assert received == sorted(received)
    assert set(received) == {1, 2, 3, 4}


def test_it_is_told_to_its_own_alone(journals: Journals, tmp_path: Path) -> None:
    """Without a certificate of our authority nobody adds anything or is sent anything, and with one nobody reads."""
    (tmp_path / "others").mkdir()
    stranger = certified(Authority.made(tmp_path / "others"), SENDER, tmp_path / "others")
    shutil.copy(journals.authority.file, tmp_path / "half.pem")
    journals.note(1)
    with journals.receiving():
        assert journals.send(credentials=stranger) != 0, "the receiver is none that it knows"
        shutil.copy(tmp_path / "half.pem", stranger / "authority.pem")
        assert journals.send(credentials=stranger) != 0, "the receiver does not know it"
        assert not (tmp_path / "received" / "panzoto.journal").exists() or journals.received() == []
        assert journals.send() == 0
        context = ssl.create_default_context(cafile=journals.authority.file)
        context.load_cert_chain(tmp_path / "certificate.pem")
        for path in ("/", "/entries", "/browse", "/upload"):
            connection = HTTPSConnection(RECEIVER, journals.port, context=context, timeout=SECONDS)
            connection.request("GET", path)
            assert connection.getresponse().status in {404, 405, 406}
            connection.close()
    assert journals.received() == [1]


def test_systemd_understands_it(tmp_path: Path) -> None:
    """The unit of the package is as before, but for what our file says."""
    needs(UPLOAD)
    unit = "systemd-journal-upload.service"
    shutil.copy(Path("/lib/systemd/system") / unit, tmp_path)
    (tmp_path / f"{unit}.d").mkdir()
    shutil.copy(DEPLOY / "journal" / "sending.conf", tmp_path / f"{unit}.d" / "panzoto.conf")
    verify = [needs("systemd-analyze"), "verify", "--man=no", str(tmp_path / unit)]
    environ = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:", "SYSTEMD_COLORS": "0"}
    said = subprocess.run(verify, capture_output=True, text=True, check=False, timeout=60, env=environ)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
