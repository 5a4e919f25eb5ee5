"""People who use the service by HTTP while the move is under way: they register, change things, record, and go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from panzoto.deps import Deps
from tests.accounts.conftest import PASSWORD
from tests.support.server import Answer, Server

from .conftest import files_of, users_of

NEW_PASSWORD = "Another-Password-123!"
API = "/api/v1/auth"


@dataclass
class Life:
    """One act after the other on a real server; `deps` only looks up who has been moved so far."""

    server: Server
    deps: Deps
    people: int
    gone: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    came: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    recorded: dict[str, str] = field(default_factory=dict)
    _next: int = 0

    def goes_on(self, number: int) -> None:
        """In turn: somebody registers, or one who has been moved and did nothing yet changes things, or goes."""
        if number % 3 == 0:
            self._somebody_comes(number)
        elif (user_id := self._somebody_moved()) is not None:
            self._changes(user_id, f"Name {number}") if number % 3 == 1 else self._goes(user_id)

    def is_as_it_was(self) -> None:
        """Whoever went is gone with all that was theirs, whoever came is there, what was changed has stayed so."""
        users, files = users_of(self.deps), files_of(self.deps)
        assert not self.gone & set(users)
        assert not [each for each in files.values() if each["user_id"] in self.gone | self.taken]
        assert {user_id: users[user_id]["email"] for user_id in self.came} == self.came
        assert {user_id: users[user_id]["name"] for user_id in self.changed} == self.changed
        assert {file_id: files[file_id]["user_id"] for file_id in self.recorded} == self.recorded
        for user_id in self.came:
            self._signed_in(self.came[user_id], PASSWORD)
        for user_id in self.changed:
            self._signed_in(email_of(user_id), NEW_PASSWORD)

    def _somebody_moved(self) -> str | None:
        """The next of them, by id; None if nobody is here who did nothing yet."""
        user_id = f"{self._next + 1:08}"
        if user_id in self.taken or self.deps.users.find(user_id) is None:
            return None
        self._next += 1
        return user_id

    def _somebody_comes(self, number: int) -> None:
        """Every other time with the email of somebody who may not have been moved yet."""
        old, theirs = self.people - number, number % 2 == 0
        email = f"p{old}@example.com" if theirs else f"new.{number}@example.com"
        answer = self._ask("POST", f"{API}/register", {"email": email, "password": PASSWORD})
        if answer.status == 409:  # the move was there first
            assert theirs, answer.body
            return
        assert answer.status == 201, answer.body
        self.came[orjson.loads(answer.body)["user_id"]] = email
        self.taken |= {f"{old:08}"} if theirs else set()

    def _changes(self, user_id: str, name: str) -> None:
        """A name, a password, a recording."""
        token = self._signed_in(email_of(user_id), PASSWORD)
        record = {"s3_key": f"audio/new of {user_id}.3gp", "file_size": 1}
        made = self._done("POST", "/api/audio-file", record, token)["audio_file"]
        self._done("PATCH", f"{API}/me", {"name": name}, token)
        self._done(
            "POST", f"{API}/password/change", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}, token
        )
        self.recorded[made["file_id"]] = user_id
        self.changed[user_id] = name

    def _goes(self, user_id: str) -> None:
        token = self._signed_in(email_of(user_id), PASSWORD)
        self._done("DELETE", f"{API}/me", {"current_password": PASSWORD}, token)
        self.gone.add(user_id)

    def _signed_in(self, email: str, password: str) -> str:
        """The token of a sign-in."""
        return str(self._done("POST", "/api/login", {"email": email, "password": password})["token"])

    def _done(self, method: str, path: str, body: object, token: str | None = None) -> dict[str, Any]:
        """What a request that must succeed answers."""
        answer = self._ask(method, path, body, token)
        assert answer.status < 300, (path, answer.body)
        known: dict[str, Any] = orjson.loads(answer.body)
        return known

    def _ask(self, method: str, path: str, body: object, token: str | None = None) -> Answer:
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        return self.server.ask(method, path, orjson.dumps(body), {"Content-Type": "application/json", **bearer})


def email_of(user_id: str) -> str:
    """The email of somebody of the old database."""
    return f"p{int(user_id)}@example.com"
