"""The move is killed again and again while the network fails and people use the service: nothing is lost or doubled."""

from __future__ import annotations

import random
import signal

from panzoto.deps import Deps
from panzoto.flows._audit import event
from panzoto.flows.client import Client
from panzoto.models.store.transaction import transact
from panzoto.models.users import User

from .conftest import SALT, Move, Old, files_of, users_of
from .dying import Fate, run

KILLS = 20
PEOPLE, FILES = 800, 1000
SEED = 4711
HERE = Client("192.0.2.1", "a phone", "en")


def test_killed_at_twenty_moments(move: Move, old: Old, new: Deps) -> None:
    """Twenty ends by `kill -9`, a fifth of all calls failing, people coming and going: the last run completes it."""
    old.people(PEOPLE, FILES)
    old.person("no-mail", "not an email")
    old.file("orphan", "nobody-there")
    fates = random.Random(SEED)
    life = Life(new, random.Random(SEED))
    ends = []
    for number in range(KILLS):
        fate = Fate(SEED + number, fates.randint(2, 9), afterwards=fates.random() < 0.5)
        ends.append(run(new.config, command(move), fate))
        life.goes_on(number)
    assert ends.count(-signal.SIGKILL) >= KILLS // 2, ends
    assert run(new.config, command(move), Fate(SEED - 1)) == 0, (move.folder / "said").read_text()
    assert "Nothing is missing" in move.done("verify")
    life.is_as_it_was(users_of(new), files_of(new))
    assert len(users_of(new)) == PEOPLE - len(life.gone) - len(life.taken) + len(life.came)
    assert {"no-mail", "orphan", *life.taken} <= set(move.reasons())
    assert len(move.rejects()) == len({(each["table"], str(each["row"])) for each in move.rejects()})


def command(move: Move) -> list[str]:
    """The command that is given each time."""
    return ["migrate", "run", "--dsn", move.old.dsn, "--state", str(move.folder), "--workers", "4"]


class Life:
    """People who use the service meanwhile: one registers, one changes, one goes."""

    def __init__(self, deps: Deps, chance: random.Random) -> None:
        self._deps = deps
        self._chance = chance
        self.gone: set[str] = set()
        self.taken: set[str] = set()
        self.came: dict[str, str] = {}
        self.changed: dict[str, str] = {}

    def goes_on(self, number: int) -> None:
        """Something happens, as the service's flows do it."""
        self._somebody_comes(number)
        there = sorted(set(users_of(self._deps)) - set(self.came) - set(self.changed))
        if len(there) > 1:
            leaves, changes = self._chance.sample(there, 2)
            self._somebody_goes(leaves)
            self._somebody_changes(changes, f"Name {number}")

    def is_as_it_was(self, users: dict[str, dict[str, object]], files: dict[str, dict[str, object]]) -> None:
        """Whoever went is gone with all that was theirs, whoever came is there, what was changed has stayed so."""
        assert not self.gone & set(users)
        assert not [each for each in files.values() if each["user_id"] in self.gone | self.taken]
        assert {user_id: users[user_id]["email"] for user_id in self.came} == self.came
        assert {user_id: users[user_id]["name"] for user_id in self.changed} == self.changed

    def _somebody_comes(self, number: int) -> None:
        """Now and then with the email of somebody who may not have been moved yet."""
        old = PEOPLE - number
        email = f"p{old}@example.com" if number % 4 == 0 else f"new.{number}@example.com"
        user_id = f"new-{number}"
        user = User(user_id=user_id, email=email, key_salt=SALT, created_at=self._deps.clock(), name="New")
        if self._deps.emails.find(email) is None:
            transact(self._deps.gateway, self._deps.emails.claiming(email, user_id), self._deps.users.creating(user))
            self.came[user_id] = email
            self.taken |= {f"{old:08}"} if number % 4 == 0 else set()

    def _somebody_goes(self, user_id: str) -> None:
        now = self._deps.clock()
        user = self._deps.users.find(user_id)
        assert user is not None
        leaving = self._deps.users.begin_deletion(user, now)
        self._deps.audit.record(event(user_id, "deleted", HERE, now))
        for item in self._deps.audio_files.of(user_id):
            self._deps.audio_files.forget([item["file_id"]])
        self._deps.emails.release(leaving.email or "", user_id)
        self._deps.users.delete_person(user_id)
        self.gone.add(user_id)

    def _somebody_changes(self, user_id: str, name: str) -> None:
        user = self._deps.users.find(user_id)
        assert user is not None
        self._deps.users.change(user, self._deps.clock(), {"name": name})
        self.changed[user_id] = name
