"""People with an audio key, whose phones seal recordings with the tink package and upload them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from panzoto.crypto import keys
from panzoto.flows import _audio_key
from panzoto.models.auth_state.audio_job import DECRYPT, AudioJob
from tests.accounts.conftest import Service, new_email
from tests.crypto.streams import encrypted_by_tink
from tests.support.phones import person, signed_in

from .conftest import FILES, MIB, Phone, put, put_parts, send

# Where a segment of a sealed file begins: the first MiB has the header, too.
SEGMENT = MIB
SALT = bytes(32)


@dataclass
class Owner(Phone):
    """Somebody without a password, who has just signed in: their phone has the audio key."""

    audio_key: bytes = field(repr=False)

    def keep_sealed(
        self, recording: bytes, change: Callable[[bytes], bytes] = lambda sealed: sealed, **more: Any
    ) -> str:
        """A recording, sealed for its key, uploaded and recorded; `change` is what happens to the sealed file."""
        length = len(change(self.seal(recording, "any")))
        begun = self.begin(bytes(length), **more)
        sealed = change(self.seal(recording, begun["s3_key"]))
        self.upload(begun, sealed)
        assert self.record(begun, len(sealed)).status_code == 201
        return str(begun["file_id"])

    def upload(self, begun: Mapping[str, Any], sealed: bytes) -> None:
        """Send it, at once or in parts."""
        if "parts" in begun["upload"]:
            put_parts(begun, sealed)
            assert self.ask("POST", begun["upload"]["complete"]).status_code == 200
        else:
            assert put(begun, sealed).status == 200

    def seal(self, recording: bytes, s3_key: str) -> bytes:
        """The sealed file for that key, as Tink writes it."""
        return encrypted_by_tink(recording, key=self.audio_key, name=s3_key)

    def decrypt(self, file_id: str, **body: Any) -> TestResponse:
        """Ask for a decrypted copy."""
        return self.ask("POST", f"{FILES}/{file_id}/decrypt", body)

    def content(self, file_id: str, method: str = "GET", **headers: str) -> TestResponse:
        """Ask for the stream; the names of headers have underscores here."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"{FILES}/{file_id}/content"
        return self.service.http.open(
            path, method=method, headers={"Authorization": f"Bearer {self.token}", **given}, buffered=False
        )

    def token_for(self, file_id: str, **body: Any) -> str:
        """A content token."""
        answer = self.ask("POST", f"{FILES}/{file_id}/content", body)
        assert answer.status_code == 200, answer.get_json()
        return str(answer.get_json()["content_token"])

    def copies(self) -> list[str]:
        """The keys of all decrypted copies there are."""
        return [each.key for each in self.deps.bucket.under("decrypted/")]

    def nothing_is_left_in_the_clear(self) -> bool:
        """Whether there is no copy, and no part of one."""
        return not self.copies() and not list(self.deps.multipart.under("decrypted/"))

    def job(self, file_id: str, kind: str = DECRYPT) -> AudioJob:
        """The newest job of a recording."""
        found = self.deps.audio_jobs.find(kind, file_id)
        assert found is not None
        return found


def got(answer: TestResponse) -> bytes:
    """What is at the address that a decryption has answered."""
    assert answer.status_code == 200, answer.get_json()
    found = send("GET", answer.get_json()["download_url"])
    assert found.status == 200
    return found.body


def code(answer: TestResponse) -> tuple[int, str]:
    """The status and the code of an error."""
    return answer.status_code, str(answer.get_json()["code"])


def owner_of(service: Service) -> Owner:
    """Somebody new, without the hashing that a password takes."""
    email = new_email()
    made = _audio_key.make(service.deps, f"user-{email}", None, SALT)
    user = person(service.deps, email, audio_key=made.audio_key)
    clear = _audio_key.handed_out(service.deps, user)
    assert clear is not None
    return Owner(service, user, signed_in(service.deps, user).access_token, clear)


def with_password(service: Service, registered: Mapping[str, Any], password: str) -> Owner:
    """Somebody who has registered with a password; their phone unwraps the key that the answer has."""
    deps = service.deps
    wrapping = deps.password_keys.derive(password, bytes.fromhex(registered["key_salt"]), registered["kdf"])
    clear = keys.unwrap(registered["wrapped_audio_key"], wrapping, registered["user_id"])
    user = deps.users.find(registered["user_id"])
    assert user is not None
    return Owner(service, user, registered["token"], clear)
