"""People of a load: each remembers what was answered as done, and says so when it is not there any more."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from secrets import token_hex, token_urlsafe
from typing import Any

from argon2.low_level import Type, hash_secret_raw

from panzoto.crypto import keys
from tests.accounts.conftest import new_email
from tests.audio.conftest import send
from tests.crypto.streams import encrypted_by_tink
from tests.proof.crowd import Crowd
from tests.support.numbers import new_phone

API, FILES = "/api/v1/auth", "/api/v1/audio-files"
SPOKEN = b"what somebody has said"
MOST_TRIES = 50
OAUTH = "/api/v1/oauth"


@dataclass
class Person:
    """Somebody with an account."""

    crowd: Crowd
    email: str
    password: str
    token: str
    refresh_token: str
    audio_key: bytes
    subject: str = field(default_factory=lambda: f"sub-{token_hex(8)}")
    connected: bool = False
    verified: bool = False
    kept: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def act(self) -> None:
        """Do something, as people do: mostly look, sometimes change something."""
        acts = [self.look, self.look, self.refresh, self.lists, self.records, self.deletes, self.leaves]
        acts += [self.links, self.codes, self.decrypts, self.connects]
        self.crowd.random.choice(acts)()

    def look(self) -> None:
        """Ask who they are."""
        status, _ = self.crowd.hears("GET", f"{API}/me", None, self.token)
        self.crowd.expects("me", status, 200)

    def refresh(self) -> None:
        """New tokens; whoever hears nothing presents the same again."""
        status, said = self.crowd.hears("POST", f"{API}/refresh", {"refresh_token": self.refresh_token})
        if self.crowd.expects("refresh", status, 200):
            self.token, self.refresh_token = said["token"], said["refresh_token"]

    def lists(self) -> None:
        """Every recording that was kept is there, and none that was deleted."""
        status, said = self.crowd.hears("GET", f"{FILES}?limit=100", None, self.token)
        if self.crowd.expects("list", status, 200):
            listed = {each["file_id"] for each in said["audio_files"]}
            if self.kept - listed:
                self.crowd.violations.append("a recording that was kept is lost")
            if self.gone & listed:
                self.crowd.violations.append("a recording that was deleted is back")

    def records(self) -> None:
        """Upload a recording, and tell of it."""
        body = {"filename": "note.3gp", "content_type": "audio/3gpp", "file_size": len(self.seal("any"))}
        status, begun = self.crowd.hears("POST", f"{FILES}/uploads", body, self.token)
        if not self.crowd.expects("upload", status, 201):
            return
        upload, sealed = begun["upload"], self.seal(begun["s3_key"])
        if send(upload["method"], upload["url"], sealed, upload["headers"]).status != 200:
            return
        told = {"s3_key": begun["s3_key"], "file_size": len(sealed)}
        status, _ = self.crowd.hears("POST", FILES, told, self.token)
        if self.crowd.expects("record", status, 200, 201):
            self.kept.add(begun["file_id"])

    def deletes(self) -> None:
        """Delete one; whoever hears nothing asks again, and one that is gone by then is gone."""
        if not self.kept:
            return
        file_id = min(self.kept)
        self.kept.remove(file_id)
        status, _ = self.crowd.hears("DELETE", f"{FILES}/{file_id}", None, self.token)
        if self.crowd.expects("delete", status, 200, 404):
            self.gone.add(file_id)

    def seal(self, s3_key: str) -> bytes:
        """The recording as the phone seals it for that key."""
        return encrypted_by_tink(SPOKEN, key=self.audio_key, name=s3_key)

    def decrypts(self) -> None:
        """Have a recording decrypted, and read the copy: it is what was said."""
        if not self.kept:
            return
        body = {"password": self.password}
        status, said = self.crowd.hears("POST", f"{FILES}/{max(self.kept)}/decrypt", body, self.token)
        if self.crowd.expects("decrypt", status, 200) and send("GET", said["download_url"]).body != SPOKEN:
            self.crowd.violations.append("a decrypted copy is not what was said")

    def connects(self) -> None:
        """Connect a provider once; then have a token of it, which the vault refreshes, and which is one's own."""
        if not self.connected:
            shown = {"code": f"{self.subject}.code", "code_verifier": token_urlsafe(32)}
            body = {**shown, "current_password": self.password}
            status, _ = self.crowd.hears("POST", f"{OAUTH}/acme/link", body, self.token)
            self.connected = self.crowd.expects("connect a provider", status, 200)
            return
        status, said = self.crowd.hears("GET", f"{OAUTH}/connections", None, self.token)
        if self.crowd.expects("connections", status, 200) and not said["connections"]:
            self.crowd.violations.append("a connection that was made is lost")
        status, said = self.crowd.hears("GET", f"{OAUTH}/acme/access-token", None, self.token)
        done = self.crowd.expects("token of a provider", status, 200)
        if done and not said["access_token"].startswith(f"{self.subject}."):
            self.crowd.violations.append("somebody has the token of somebody else")

    def leaves(self) -> None:
        """Sign out, after which nothing works, and sign in again."""
        status, _ = self.crowd.hears("POST", f"{API}/logout", {}, self.token)
        if not self.crowd.expects("logout", status, 200):
            self.comes_back()
            return
        status, _ = self.crowd.hears("GET", f"{API}/me", None, self.token)
        self.crowd.expects("me after logout", status, 401)
        status, _ = self.crowd.hears("POST", f"{API}/refresh", {"refresh_token": self.refresh_token})
        self.crowd.expects("refresh after logout", status, 401)
        self.comes_back()

    def comes_back(self) -> None:
        """Sign in by password, as often as it takes."""
        for _ in range(MOST_TRIES):
            status, said = self.crowd.hears("POST", f"{API}/login", {"email": self.email, "password": self.password})
            if self.crowd.expects("login", status, 200):
                self.token, self.refresh_token = said["token"], said["refresh_token"]
                return
        self.crowd.violations.append("somebody cannot sign in")

    def links(self) -> None:
        """Sign in by a link that comes by mail. One to an email that is not verified would suspend the password."""
        if not self.verified:
            self.verifies()
            return
        status, _ = self.crowd.hears("POST", f"{API}/magic-link", {"email": self.email})
        if not self.crowd.expects("ask for a link", status, 202):
            return
        if token := self.linked("m"):
            status, said = self.crowd.hears("POST", f"{API}/magic-link/verify", {"token": token})
            if self.crowd.expects("sign in by a link", status, 200, 400):  # 400: its answer was lost, and it is spent
                self.token = said.get("token", self.token)
                self.refresh_token = said.get("refresh_token", self.refresh_token)

    def codes(self) -> None:
        """Somebody else with this phone signs in by a code, as somebody new."""
        phone = new_phone()
        status, _ = self.crowd.hears("POST", f"{API}/initiate-otp", {"phone_number": phone})
        if not self.crowd.expects("ask for a code", status, 200):
            return
        code = next((re.findall(r"code is (\d+)", text)[0] for text in self.crowd.read(phone)), "none came")
        status, said = self.crowd.hears("POST", f"{API}/verify-otp", {"phone_number": phone, "otp": code})
        if self.crowd.expects("sign in by a code", status, 200):
            status, _ = self.crowd.hears("GET", f"{API}/me", None, said["token"])
            self.crowd.expects("me of somebody new", status, 200)

    def verifies(self) -> None:
        """Prove the email by the link that came with the registration."""
        if token := self.linked("verify"):
            status, _ = self.crowd.hears("POST", f"{API}/email/verify", {"token": token})
            self.verified = self.crowd.expects("verify an email", status, 200, 400)

    def linked(self, page: str) -> str | None:
        """The token of the newest link to a page, if one has come."""
        found = [re.search(rf"/{page}/(\S+)", text) for text in self.crowd.read(self.email)]
        token = next((each[1] for each in found if each), None)
        self.crowd.secrets |= {token} if token else set()
        return token


def registered(crowd: Crowd) -> Person:
    """Somebody new: an email that nobody has used is never taken, whatever was lost on the way."""
    for _ in range(MOST_TRIES):
        email, password = new_email(), f"canary {crowd.random.getrandbits(64):x} of a password"
        crowd.secrets.add(password)
        status, said = crowd.hears("POST", f"{API}/register", {"email": email, "password": password})
        if crowd.expects("register", status, 201):
            return Person(crowd, email, password, said["token"], said["refresh_token"], audio_key_of(said, password))
    raise AssertionError("nobody can register")


def audio_key_of(said: dict[str, Any], password: str) -> bytes:
    """The audio key, as a phone unwraps it."""
    kdf = said["kdf"]
    cost = kdf["iterations"], kdf["memory_kib"], kdf["parallelism"]
    wrapping = hash_secret_raw(password.encode(), bytes.fromhex(said["key_salt"]), *cost, 32, Type.ID)
    return keys.unwrap(said["wrapped_audio_key"], wrapping, said["user_id"])
