"""Every secret of a run of tests, and every text that must hold none: watched at the borders, compared at its end.

Nothing of ours is replaced. A watch learns what answers, requests that were let in, messages, providers and KMS have
that is secret; and it keeps what was logged, sent to AWS or to a provider, refused or redirected to.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.proof.canaries import SHORTEST, Canaries

FIELDS = frozenset(
    {
        *("password", "current_password", "new_password", "token", "refresh_token", "access_token", "id_token"),
        *("recovery_key", "audio_key", "content_token", "code_verifier", "client_secret"),
    }
)
LINK = re.compile(r"/(?:m|reset|verify)/([\w-]+\.[\w-]+)")
SENT = re.compile(r"(?<![\w.:/+-])\d{6,12}(?![\w:/+-]|\.\d)")
# Digits are in texts by chance: they are a code where they stand after its name.
CODE = re.compile(r'(?:otp|code)[^\w.]{1,8}(?:"[SN]": ?")?(\d{6,12})(?!\w)', re.IGNORECASE)
QUOTED = re.compile(rf'"([^"]{{{SHORTEST},}})"')
LARGEST_FILE = 2**20
# Copies of checkouts have the passwords that tests type and pages show; nothing that runs writes such files.
PROGRAMS = frozenset({".py", ".pyc", ".md"})
VARIED = 8
# Where a test of other software reads the code, with OTP_TEST_MODE alone.
SHOWN = "OTP_TEST#"


@dataclass
class Watch:
    """What was learned, and where it must not be. A text that came twice is kept once, with the test that it was in."""

    secrets: dict[str, str] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: dict[str, set[str]] = field(default_factory=dict)
    resting: int = 0

    def learn(self, name: str, secret: Any) -> None:
        """A secret; short and monotonous ones are in texts by chance. Bytes are known by their base64."""
        secret = b64encode(secret).decode() if isinstance(secret, bytes) else secret
        if not self.resting and isinstance(secret, str) and len(secret) >= SHORTEST and len(set(secret)) >= VARIED:
            self.secrets.setdefault(secret, name)

    def learn_fields(self, said: Any) -> None:
        """What stands under the name of a secret, however deep."""
        if isinstance(said, Mapping):
            for name, each in said.items():
                if name in FIELDS:
                    self.learn(name, each)
                self.learn_fields(each)
        elif isinstance(said, list):
            for each in said:
                self.learn_fields(each)

    def learn_message(self, text: str) -> None:
        """The links and codes of a message."""
        for token in LINK.findall(text):
            self.learn("a link", token)
        if not self.resting:
            self.codes |= set(SENT.findall(text))

    def keep(self, place: str, text: str) -> None:
        """A text in which no secret may be; one in JSON by its values."""
        if self.resting:
            return
        found, test = self.texts.setdefault(place, {}), os.environ.get("PYTEST_CURRENT_TEST", "no test")
        for each in QUOTED.findall(text) if text[:1] == "{" else [text]:
            found.setdefault(each, test)
        if SHOWN not in text and CODE.search(text):
            self.numbers.setdefault(place, set()).add(text)

    @contextmanager
    def rest(self) -> Iterator[None]:
        """Neither learn nor keep, where a test lets something leak."""
        self.resting += 1
        try:
            yield
        finally:
            self.resting -= 1

    def found(self, folder: Path | None = None) -> list[str]:
        """Where a secret is that must not be there; `folder` has files that tests have written.

        Settings stand in files by right, and are known by the names of variables.
        """
        canaries = Canaries(self.secrets)
        places = [(place, text, test) for place, texts in self.texts.items() for text, test in texts.items()]
        leaks = {
            f"{each} is in {place}: {_hint(text)} (first in {test})"
            for place, text, test in places
            for each in canaries.within(text)
        }
        leaks |= {
            f"a code is in {place}: {_hint(text)}"
            for place, texts in self.numbers.items()
            for text in texts
            if self.codes & set(CODE.findall(text))
        }
        theirs = Canaries({secret: name for secret, name in self.secrets.items() if not name.isupper()})
        for path in folder.rglob("*") if folder else ():
            if path.suffix in PROGRAMS or not path.is_file() or path.is_symlink():
                continue
            if path.stat().st_size <= LARGEST_FILE:
                leaks |= {f"{each} is in the file {path}" for each in theirs.within(path.read_text(errors="replace"))}
        return sorted(leaks)


def _hint(text: str) -> str:
    """Enough to find the line by, and no secret: its letters, without figures and long words."""
    return re.sub(r"[\w+/=.-]{16,}|\d+", "…", text)[:120]


WATCH = Watch()
