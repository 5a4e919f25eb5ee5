"""People who record all the time, each over a connection of their own, and what they were answered."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from itertools import count

import orjson

from tests.support.nginx import HOST, Nginx

PEOPLE = 4
PAUSE = 0.03  # between two of one person; what they hit matters, and not how often
# So many come from one address, which stays below what nginx takes from one.
OF_ONE_ADDRESS = 20


@dataclass
class Load:
    """What was answered: the keys that are said to be recorded, every status, and connections that broke."""

    nginx: Nginx
    headers: Mapping[str, str]
    recorded: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    _name: str = field(default_factory=lambda: secrets.token_hex(8))  # no two record the same
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def grows(self, by: int = 10, within: float = 120.0) -> None:
        """Wait until so many more were answered."""
        with self._changed:
            goal = len(self.statuses) + by
            assert self._changed.wait_for(lambda: len(self.statuses) >= goal, within), self.broken

    def record(self, person: int) -> None:
        """One of the people, until the load ends."""
        numbers = count()
        while not self.ended.is_set():
            source = f"127.0.{person + 1}.{next(numbers) % 250 + 1}"
            connection = HTTPSConnection(HOST, self.nginx.port)
            connection.sock = self.nginx.raw(source)
            try:
                for number in range(OF_ONE_ADDRESS):
                    self._once(connection, f"users/{self._name}/{source}/{number}.3gp")
            except (OSError, HTTPException) as fault:
                self.broken.append(repr(fault))
            finally:
                connection.close()

    def _once(self, connection: HTTPSConnection, key: str) -> None:
        if self.ended.wait(PAUSE):
            return
        body = orjson.dumps({"s3_key": key, "file_size": 1024})
        connection.request("POST", "/api/audio-file", body, dict(self.headers))
        answer = connection.getresponse()
        said = orjson.loads(answer.read())
        with self._changed:
            self.statuses.append(answer.status)
            if answer.status == 201:
                self.recorded.append(str(said["audio_file"]["file_id"]))
            self._changed.notify_all()


@contextmanager
def load(nginx: Nginx, headers: Mapping[str, str]) -> Iterator[Load]:
    """People who record as long as the block lasts; it begins when they are answered."""
    made = Load(nginx, headers)
    threads = [threading.Thread(target=made.record, args=(person,)) for person in range(PEOPLE)]
    for each in threads:
        each.start()
    try:
        made.grows()
        yield made
    finally:
        made.ended.set()
        for each in threads:
            each.join(60)
