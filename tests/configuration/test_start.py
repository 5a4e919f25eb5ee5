"""A start with a wrong environment, as a person sees it; and `.env`, which only development reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .settings import PUBLIC, SECRET

ROOT = Path(__file__).resolve().parents[2]
START = "import config; print(config.Config.from_env().secret_key)"
FILE = f"FLASK_ENV=development\nSECRET_KEY={SECRET}\nPORT=8123\n"


def start(folder: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A process that reads its configuration in a folder, with this environment and nothing else."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", START],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wrong_environment_ends_the_process_with_its_faults(tmp_path: Path) -> None:
    """Exit code 1 and a sentence per fault; nobody has to read a traceback."""
    ended = start(tmp_path, {"SECRET_KEY": "short", "PORT": "high", "OTP_TEST_MODE": "1", **PUBLIC})
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        "Panzoto cannot start: 3 faults in the configuration.",
        "  - PORT must be a whole number from 1 to 65535, not 'high'.",
        "  - The secret in SECRET_KEY and JWT_SECRET_KEY must be at least 32 bytes long and hard to guess.",
        "  - OTP_TEST_MODE must be off in production; it stores codes in clear.",
    ]


def test_bytes_that_are_no_text_are_a_sentence_too(tmp_path: Path) -> None:
    """A secret pasted from a binary file is refused like any other wrong value."""
    ended = start(tmp_path, {"SECRET_KEY": os.fsdecode(b"\xff" * 40), **PUBLIC})
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[1:] == ["  - SECRET_KEY must be text in UTF-8."]


def test_development_reads_the_file(tmp_path: Path) -> None:
    """In development `.env` fills what the environment leaves unset, also when the file itself says development."""
    (tmp_path / ".env").write_text(FILE, encoding="utf-8")
    for environ in ({}, {"FLASK_ENV": "Development"}):
        assert start(tmp_path, environ).stdout.strip() == SECRET


def test_the_environment_is_above_the_file(tmp_path: Path) -> None:
    """What is set in the environment is not overridden by `.env`; set to nothing, it is the default."""
    (tmp_path / ".env").write_text(FILE, encoding="utf-8")
    assert start(tmp_path, {"SECRET_KEY": "mine"}).stdout.strip() == "mine"
    assert "SECRET_KEY is not set." in start(tmp_path, {"SECRET_KEY": ""}).stderr


@pytest.mark.parametrize("environment", ["production", "PRODUCTION", " production ", "staging", ""])
def test_only_development_reads_the_file(tmp_path: Path, environment: str) -> None:
    """A file that lies about in production sets nothing there."""
    (tmp_path / ".env").write_text(FILE, encoding="utf-8")
    ended = start(tmp_path, {"FLASK_ENV": environment})
    assert ended.returncode == 1
    assert "SECRET_KEY is not set." in ended.stderr


def test_a_file_that_does_not_say_development_is_not_read(tmp_path: Path) -> None:
    """Where nobody says development, the file does not either, so it is production's."""
    (tmp_path / ".env").write_text(f"SECRET_KEY={SECRET}\n", encoding="utf-8")
    assert "SECRET_KEY is not set." in start(tmp_path, {}).stderr


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    """A byte order mark does not hide the first variable."""
    (tmp_path / ".env").write_text(f"SECRET_KEY={SECRET}\r\nFLASK_ENV=development\r\n", encoding="utf-8-sig")
    assert start(tmp_path, {}).stdout.strip() == SECRET


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    """A file that cannot be read is named; in production it does not matter."""
    (tmp_path / ".env").write_bytes(b"SECRET_KEY=\xff\xfe\n")
    ended = start(tmp_path, {"FLASK_ENV": "development"})
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[1:] == ["  - .env cannot be read: it is not text in UTF-8."]
    assert start(tmp_path, {"FLASK_ENV": "production", "SECRET_KEY": SECRET, **PUBLIC}).stdout.strip() == SECRET
