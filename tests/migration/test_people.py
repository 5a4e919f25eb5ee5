"""Moved people and the service: they sign in as before, and nothing that happens here is undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import bcrypt
import pytest
from argon2 import PasswordHasher

from migrations.chunks import Chunk, Chunker
from migrations.loading import Loading
from migrations.mapping import Names
from migrations.members import fit
from migrations.moved import WRITTEN, Moved
from migrations.pace import Pace
from migrations.ranges import Ranges
from migrations.rejects import Rejects
from migrations.rows import Rules
from migrations.source import opened
from panzoto.deps import build
from tests.accounts.conftest import PASSWORD, Service, new_email
from tests.support.people import leave

from .conftest import SALT, Move, Old, files_of, users_of

ARGON2 = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
FILES = "/api/v1/audio-files"


@pytest.fixture
def moving(service: Service, old: Old, tmp_path: Path) -> Move:
    """The move of the old database to a service that people use."""
    return Move(build(service.deps.config, operator=True), tmp_path / "move", old)


def signed_in(service: Service, email: str, password: str = PASSWORD) -> dict[str, str]:
    """What a sign-in answers."""
    response = service.http.post("/api/login", json={"email": email, "password": password})
    assert response.status_code == 200, response.get_json()
    answer: dict[str, str] = response.get_json()
    return answer


def listed(service: Service, token: str) -> list[str]:
    """The recordings that somebody sees, by the old address."""
    response = service.http.get("/api/user/audio-files", headers={"Authorization": f"Bearer {token}"})
    return [each["file_id"] for each in response.get_json()["audio_files"]]


@pytest.mark.parametrize("kind", ["argon2", "bcrypt"])
def test_people_sign_in_with_their_old_passwords(service: Service, moving: Move, old: Old, kind: str) -> None:
    """The old password, the salt they had, their recordings newest first; a weaker hash is replaced on the way."""
    stored = ARGON2 if kind == "argon2" else bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    old.person("ann", "Ann@Example.com", password_hash=stored)
    old.file("f1", "ann", uploaded_at="2024-01-01 00:00+00")
    old.file("f2", "ann", uploaded_at="2024-02-01 00:00+00")
    moving.done("run")
    me = signed_in(service, "ann@example.com")
    assert (me["user_id"], me["key_salt"]) == ("ann", SALT.hex())
    assert listed(service, me["token"]) == ["f2", "f1"]
    weight = "$argon2id$v=19$m={},t={},p={}$".format(*service.deps.passwords.profile.numbers)
    assert users_of(moving.deps)["ann"]["password_hash"].startswith(weight)
    assert signed_in(service, "ann@example.com")["key_salt"] == SALT.hex()
    assert "changed_here 1" in moving.done("verify")


def test_somebody_without_a_readable_hash_gets_in_by_mail(service: Service, moving: Move, old: Old) -> None:
    """With `unreadable_hashes = "without"` they are moved without one, and set a password by a link."""
    mapping = moving.folder.with_suffix(".toml")
    mapping.write_text('unreadable_hashes = "without"\n')
    old.person("ann", "ann@example.com", password_hash="5f4dcc3b5aa765d61d8327deb882cf99")
    moving.done("run", "--mapping", str(mapping))
    moving.done("verify", "--mapping", str(mapping))
    assert service.http.post("/api/login", json={"email": "ann@example.com", "password": "password"}).status_code == 401
    service.post("/password/forgot", {"email": "ann@example.com"})
    token = service.link("ann@example.com", "reset")
    body = {"token": token, "new_password": PASSWORD, "abandon_audio": True}
    assert service.post("/password/reset", body).status_code == 200
    assert signed_in(service, "ann@example.com")["user_id"] == "ann"


def test_what_was_changed_here_is_never_overwritten(service: Service, moving: Move, old: Old) -> None:
    """A run, a later run and a run from another folder leave a person alone who has signed in since."""
    old.person("ann", "ann@example.com", password_hash=ARGON2)
    old.file("f1", "ann")
    moving.done("run")
    me = signed_in(service, "ann@example.com")
    assert service.http.delete(f"{FILES}/f1", headers={"Authorization": f"Bearer {me['token']}"}).status_code < 300
    before = users_of(moving.deps)
    moving.done("run")
    moving.done("run", "--since", "2020-01-01")
    Move(moving.deps, moving.folder.with_name("other"), old).done("run")
    assert users_of(moving.deps) == before
    assert files_of(moving.deps) == {}
    assert "deleted_here 1" in moving.done("verify")


def test_whoever_was_deleted_here_does_not_come_back(service: Service, moving: Move, old: Old) -> None:
    """Neither the person nor a recording that the old backend got later, by no run."""
    old.person("ann", "ann@example.com", password_hash=ARGON2)
    old.file("f1", "ann")
    moving.done("run")
    me = signed_in(service, "ann@example.com")
    body = {"current_password": PASSWORD}
    response = service.http.delete("/api/v1/auth/me", json=body, headers={"Authorization": f"Bearer {me['token']}"})
    assert response.status_code == 202
    service.deps.later.finish()
    assert users_of(moving.deps) == {}
    old.file("f2", "ann", uploaded_at=datetime.now(UTC))
    for arguments in ((), ("--since", "2020-01-01")):
        moving.done("run", *arguments)
        assert (users_of(moving.deps), files_of(moving.deps)) == ({}, {})
    moving.done("verify")


def test_whoever_a_later_pass_has_brought_does_not_come_back(service: Service, moving: Move, old: Old) -> None:
    """A pass by --since leaves no mark: a whole run after it looks whether somebody was deleted here."""
    old.person("ann", "ann@example.com")
    printed = moving.done("run").split("--since ")[-1].split()[0]
    old.person("bob", "bob@example.com", password_hash=ARGON2, created_at=datetime.now(UTC))
    moving.done("run", "--since", printed)
    me = signed_in(service, "bob@example.com")
    body = {"current_password": PASSWORD}
    response = service.http.delete("/api/v1/auth/me", json=body, headers={"Authorization": f"Bearer {me['token']}"})
    assert response.status_code == 202
    service.deps.later.finish()
    old.person("cem", "cem@example.com", created_at=datetime.now(UTC))
    for folder in (moving.folder, moving.folder.with_name("another machine")):
        moving.folder = folder
        moving.done("run")
        assert set(users_of(moving.deps)) == {"ann", "cem"}
    assert "deleted_here 1" in moving.done("verify")


def test_another_machine_goes_on(moving: Move, old: Old) -> None:
    """Whatever machine has run, another knows that all was moved, and from when on rows may have been missed."""
    old.person("ann")
    printed = moving.done("run").split("--since ")[-1].split()[0]
    moving.folder = moving.folder.with_name("another machine")
    old.person("bob", created_at=datetime.now(UTC))
    assert moving.done("run").split("--since ")[-1].split()[0] == printed
    moving.folder = moving.folder.with_name("a third")
    old.person("aaa", created_at=datetime.now(UTC))
    moving.done("run", "--since", printed)
    assert set(users_of(moving.deps)) == {"aaa", "ann", "bob"}


def test_an_unset_time_is_no_whole_run(moving: Move, old: Old) -> None:
    """`--since "$UNSET"` is told, and moves nothing."""
    old.person("ann", "ann@example.com")
    moving.done("run")
    old.person("bob", "bob@example.com")
    refused = moving("run", "--since", "")
    assert (refused.exit_code, "--since must be" in refused.output) == (1, True)
    assert set(users_of(moving.deps)) == {"ann"}


def test_an_email_that_was_registered_here_stays_its_owners(service: Service, moving: Move, old: Old) -> None:
    """Never two people with one email: the old one is told of, with their recordings."""
    email = new_email()
    here = service.register(email)
    old.person("ann", email.upper(), password_hash=ARGON2)
    old.file("f1", "ann")
    moving.done("run")
    assert signed_in(service, email)["user_id"] == here["user_id"]
    assert set(users_of(moving.deps)) == {here["user_id"]}
    reasons = moving.reasons()
    assert reasons["ann"] == f"email belongs to {here['user_id']} already"
    assert reasons["f1"].startswith("the person ann is not here")
    moving.done("verify")


def test_people_who_come_between_the_tables(service: Service, moving: Move, old: Old) -> None:
    """Whoever goes while recordings are being moved takes theirs along."""
    old.person("ann", "ann@example.com", password_hash=ARGON2)
    old.person("bob", "bob@example.com", password_hash=ARGON2)
    moving.done("run")
    bob = moving.deps.users.find("bob")
    assert bob is not None
    leave(moving.deps, bob)
    old.file("f1", "ann")
    old.file("f2", "bob")
    moving.done("run")
    assert set(files_of(moving.deps)) == {"f1"}


def test_later_rows_come_over(service: Service, moving: Move, old: Old) -> None:
    """With the time that a run prints, what the old backend has got since is moved, whatever its key."""
    old.person("m", "m@example.com")
    printed = moving.done("run").split("--since ")[-1].split()[0]
    now = datetime.now(UTC) + timedelta(seconds=1)
    for each in ("a", "z"):
        old.person(each, created_at=now)
        old.file(f"f-{each}", each, uploaded_at=now)
    old.person("n", "m@example.com", created_at=now)
    for _ in range(2):
        moving.done("run", "--since", printed)
        assert set(users_of(moving.deps)) == {"a", "m", "z"}
        assert set(files_of(moving.deps)) == {"f-a", "f-z"}
        assert moving.reasons() == {"n": "email belongs to m already"}
    moving.done("verify")


def test_what_was_here_before_any_run_stays_as_it_is(moving: Move, old: Old) -> None:
    """A person and a recording that the seed's script has put here, without a claim, are not overwritten."""
    old.people(2, 2)
    person = {"user_id": "00000001", "email": "p1@example.com", "name": "Here", "key_salt": ""}
    moving.deps.users.put(person)
    recording = {"file_id": "f00000001", "user_id": "00000002", "s3_key": "here", "uploaded_at": 5}
    moving.deps.audio_files.put(recording)
    moving.done("run")
    assert users_of(moving.deps)["00000001"] == person
    assert files_of(moving.deps)["f00000001"] == recording
    assert set(users_of(moving.deps)) == {"00000001", "00000002"}


def test_a_run_after_a_finished_run_moves_what_follows(moving: Move, old: Old) -> None:
    """Rows behind the last key that was moved come with the next run, and nothing is read twice."""
    old.people(2, 2)
    moving.done("run")
    old.person("00000003")
    old.file("f3", "00000003")
    moving.done("run")
    assert set(users_of(moving.deps)) == {"00000001", "00000002", "00000003"}
    assert set(files_of(moving.deps)) == {"f00000001", "f00000002", "f3"}


def test_later_rows_need_a_finished_run(moving: Move) -> None:
    """Rows since a time say nothing of those before it."""
    result = moving("run", "--since", "2024-01-01")
    assert result.exit_code == 1
    assert "run without --since first" in result.output


def test_emails_that_become_one_are_one_persons(moving: Move, old: Old) -> None:
    """Of two whose emails differ by case alone one is moved, and the other is told, with whose it is."""
    old.person("a", "Ann@example.com")
    old.person("b", "ann@EXAMPLE.com")
    moving.done("run")
    assert moving.reasons() == {"b": "email belongs to a already"}
    moving.done("verify")


@contextmanager
def loading_of(moving: Move, old: Old) -> Iterator[tuple[Loading, Chunk]]:
    """What moves people, and all of them as the one chunk that a machine sees now."""
    names = Names.read(None)
    with (
        opened(old.dsn, names) as source,
        closing(Rejects(moving.folder.parent / "rejects", lambda _: True)) as rejects,
    ):
        loading = Loading(
            deps=moving.deps,
            columns=source.users,
            source="old",
            moved=Moved(moving.deps.gateway, moving.deps.emails.name),
            rejects=rejects,
            pace=Pace(None),
            patience=5,
        )
        row_to_fit = partial(fit, moving.deps, source.users, rules=Rules(names.zone))
        with source.rows(source.users) as rows:
            (chunk,) = Chunker(source.users, Ranges.of([]), row_to_fit).chunks(rows)
        yield loading, chunk


def test_a_chunk_that_arrives_twice_is_moved_once(moving: Move, old: Old) -> None:
    """A copy of a call whose answer was lost, late: who was deleted meanwhile stays deleted, and nothing is counted."""
    old.people(3)
    with loading_of(moving, old) as (loading, chunk):
        assert loading.move(chunk).outcomes[WRITTEN] == 3
        moving.deps.users.delete_person("00000002")
        moving.deps.emails.release("p2@example.com", "00000002")
        assert loading.move(chunk).outcomes[WRITTEN] == 0
    assert set(users_of(moving.deps)) == {"00000001", "00000003"}


def test_two_machines_that_see_different_rows(moving: Move, old: Old) -> None:
    """Where another's mark ends before our chunk, the rest of it is moved: no row is lost between them, or doubled."""
    old.people(2)
    old.person("00000003", "no email")
    with loading_of(moving, old) as (first, seen_first):
        old.person("00000004")
        old.person("00000005", "no email either")
        with loading_of(moving, old) as (second, seen_second):
            assert first.move(seen_first).rows == 3
            moving.deps.users.delete_person("00000002")
            moving.deps.emails.release("p2@example.com", "00000002")
            assert second.move(seen_second).rows == 5
            assert set(users_of(moving.deps)) == {"00000001", "00000004"}
            assert first.move(seen_first).outcomes[WRITTEN] == 0
            progress = second.moved.of("old", second.columns)
    assert progress.ranges.start == "00000005"
    assert progress.counts == {"written": 3, "kept": 0, "rejected": 2}
