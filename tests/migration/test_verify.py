"""The comparison finds whatever is not as it must be, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from panzoto.deps import Deps
from panzoto.models.store.expressions import Change
from panzoto.models.store.wire import Item
from panzoto.models.table import Table
from tests.support import tables

from .conftest import HASH, Move, Old

Damage = Callable[[Deps, Old], object]
CLAIM = {"PK": "EMAIL#p1@example.com", "SK": "METADATA"}
FIRST, FILE = "00000001", "f00000001"


def _set(**attributes: object) -> Damage:
    return lambda deps, _: deps.users.update({"user_id": FIRST}, Change(set=attributes))


def _set_of_file(**attributes: object) -> Damage:
    return lambda deps, _: deps.audio_files.put({**(deps.audio_files.get({"file_id": FILE}) or {}), **attributes})


def _another_like(deps: Deps, user_id: str, **changes: object) -> None:
    item = deps.users.get({"user_id": FIRST})
    assert item is not None
    deps.users.put({**item, "user_id": user_id, **changes})


def _another_file(deps: Deps, file_id: str, **changes: object) -> None:
    item = deps.audio_files.get({"file_id": FILE})
    assert item is not None
    deps.audio_files.put({**item, "file_id": file_id, **changes})


def _without_person(deps: Deps) -> None:
    item = deps.audio_files.get({"file_id": FILE})
    assert item is not None
    deps.users.delete({"user_id": item["user_id"]})


DAMAGES: dict[str, tuple[Damage, str]] = {
    "a person is missing": (lambda deps, _: deps.users.delete({"user_id": FIRST}), f"{FIRST} is not here"),
    "a recording is missing": (lambda deps, _: deps.audio_files.delete({"file_id": FILE}), f"{FILE} is not here"),
    "a hash is another": (_set(password_hash=HASH[:-1] + "x"), "not what the row says: password_hash"),
    "a salt is another": (_set(key_salt="AAAA"), "not what the row says: key_salt"),
    "a time is another": (_set(created_at=1, updated_at=2), "not what the row says: created_at"),
    "a hash cannot be read": (_set(password_hash="plain", updated_at=2), "cannot be read"),
    "an email is another": (_set(email="x@example.com"), "not what the row says: email"),
    "a size is another": (_set_of_file(file_size=7), "not what the row says: file_size"),
    "a recording is another's": (_set_of_file(user_id="somebody"), f"{FILE} is not here"),
    "a claim is missing": (lambda deps, _: deps.emails.delete(CLAIM), "claimed by nobody"),
    "a claim is another's": (lambda deps, _: deps.emails.put({**CLAIM, "user_id": "x"}), "claimed by x"),
    "a person is there twice": (lambda deps, _: _another_like(deps, "twin", name="Twin"), f"has the email of {FIRST}"),
    "a person is too many": (lambda deps, _: _another_like(deps, "twin", email="t@example.com"), "no row of the old"),
    "a recording is too many": (lambda deps, _: _another_file(deps, "twin"), "no row of the old"),
    "a row is gone": (lambda _, old: old.do("DELETE FROM audio_files WHERE file_id = %s", FILE), "no row of the old"),
    "a row has changed": (lambda _, old: old.do("UPDATE users SET email = 'n@example.com'"
                                                " WHERE user_id = %s", FIRST), "not what the row says"),
    "a recording has no person": (lambda deps, _: _without_person(deps), f"{FILE} is here, and its person"),
}  # fmt: skip

# How the old database is mended again.
OF_OLD = {
    "a row is gone": "INSERT INTO audio_files SELECT 'f00000001', '00000002', 'audio/1.3gp', 1, uploaded_at"
    " FROM audio_files WHERE file_id = 'f00000002'",
    "a row has changed": "UPDATE users SET email = 'p1@example.com' WHERE email = 'n@example.com'",
}


def _kept(deps: Deps) -> list[tuple[Table, list[Item]]]:
    return [(table, list(table.scan())) for table in (deps.users, deps.audio_files, deps.emails)]


def _restore(kept: list[tuple[Table, list[Item]]]) -> None:
    """Everything as it was."""
    for table, items in kept:
        for item in table.scan():
            table.delete({key.name: item[key.name] for key in table.spec.keys})
        tables.write(table, *items)


def test_every_difference_is_found(move: Move, old: Old) -> None:
    """Exit code 1 for each kind of damage, and a line that says which row and what; clean before and after."""
    old.people(3, 2)
    move.done("run")
    move.done("verify")
    kept = _kept(move.deps)
    for what, (damage, words) in DAMAGES.items():
        damage(move.deps, old)
        result = move("verify")
        assert result.exit_code == 1, what
        assert words in result.output, what
        assert not orjson.loads((move.folder / "report.json").read_bytes())["verify"]["verified"]
        _restore(kept)
        if what in OF_OLD:
            old.do(OF_OLD[what])
    move.done("verify")


def test_what_people_do_here_is_no_difference(move: Move, old: Old) -> None:
    """A name, a new email with its claim, a new person, a recording of this service: counted, and clean."""
    old.people(3, 2)
    move.done("run")
    deps = move.deps
    deps.users.update({"user_id": FIRST}, Change(set={"name": "Ann", "email": "new@example.com", "updated_at": 5}))
    deps.emails.delete(CLAIM)
    deps.emails.put({**CLAIM, "PK": "EMAIL#new@example.com", "user_id": FIRST})
    _another_like(deps, "new", email="n@example.com", name="New")
    deps.emails.put({**CLAIM, "PK": "EMAIL#n@example.com", "user_id": "new"})
    _another_like(deps, "phone", phone_number="+4915112345678")
    deps.users.update({"user_id": "phone"}, Change(remove=["email"]))
    item = deps.audio_files.get({"file_id": FILE})
    assert item is not None
    deps.audio_files.put({**item, "file_id": "begun", "filename": "a.3gp"})
    said = move.done("verify")
    assert "changed_here 1" in said
    assert "made_here 2" in said


def test_another_machine_knows_what_could_not_go(move: Move, old: Old) -> None:
    """Without the `rejects.jsonl` of the run, each refused row is found again with its reason; what is lost is not."""
    move.deps.users.put({"user_id": "here", "email": "here@example.com", "key_salt": "", "name": "Here"})
    move.deps.emails.put({"PK": "EMAIL#here@example.com", "SK": "METADATA", "user_id": "here"})
    old.do("ALTER TABLE users DROP CONSTRAINT users_pkey")
    old.people(3, 2)
    old.person("no-mail", "no email")
    old.person("again", "again@example.com")
    old.person("again", "twice@example.com")
    old.person("taken", "here@example.com")
    old.person("zz", "P1@example.com")
    for each in ("orphan", "of-taken"):
        old.file(each, each.removeprefix("of-"))
    move.done("run")
    kept = sorted(move.rejects(), key=str)
    assert len(kept) == 6
    move.folder = move.folder.with_name("another")
    assert "lacked 6 of the rejected" in move.done("verify")
    assert sorted(move.rejects(), key=str) == kept
    assert "lacked" not in move.done("verify")
    move.deps.users.delete({"user_id": "00000002"})
    (move.folder / "rejects.jsonl").unlink()
    result = move("verify")
    assert result.exit_code == 1
    assert "00000002 is not here" in result.output
    assert "lacked 6 of the rejected" in result.output


def test_a_recording_of_another_has_the_id(move: Move, old: Old) -> None:
    """A row whose id a recording of this service has is refused, and another machine says so too."""
    old.people(2, 1)
    move.deps.users.put({"user_id": "somebody", "key_salt": "", "name": "Here"})
    move.deps.audio_files.put({"file_id": FILE, "user_id": "somebody", "s3_key": "here", "filename": "a.3gp"})
    for name in ("one", "another"):
        move.folder = move.folder.with_name(name)
        move.done("run" if name == "one" else "verify")
        assert move.reasons() == {FILE: "file_id is another person's here"}


def test_the_report_is_for_the_ticket(move: Move, old: Old) -> None:
    """The page and the JSON say what was planned, moved, refused and compared, without a hash or a salt."""
    old.people(3, 2)
    old.person("x", "no email")
    for command in ("plan", "run", "verify", "report"):
        move.done(command)
    page = (move.folder / "report.md").read_text()
    assert "| users | 4 | 3 | 0 | 1 |" in page
    assert "1 rejected: email is not an email address" in page
    assert "Nothing is missing, doubled or different." in page
    known = orjson.loads((move.folder / "report.json").read_bytes())
    assert known["run"]["tables"]["users"]["written"] == 3
    everything = "".join(each.read_text() for each in move.folder.iterdir())
    assert HASH not in everything
    assert all(each.stat().st_mode & 0o077 == 0 for each in move.folder.iterdir())


def test_the_plan_tells_what_would_conflict(move: Move, old: Old) -> None:
    """Counts, kinds of hashes, NULLs, conflicts, odd times, units, price and time; nothing is written."""
    old.people(50, 60)
    old.person("a", "Ann@example.com", password_hash=None, key_salt=None)
    old.person("b", "ann@EXAMPLE.com", password_hash="5f4dcc3b5aa765d61d8327deb882cf99")
    old.person("c", "ann@Example.COM", created_at="1999-01-01 00:00+00")
    old.person("d", None)
    old.person("e", "e@example.com", created_at="infinity")
    old.file("x", "nobody-there", s3_key="audio/1.3gp")
    old.file("y", "a", s3_key="k" * 1025)
    old.do("ALTER TABLE users ADD nick text")
    said = move.done("plan", "--max-wcu", "10")
    plan = orjson.loads((move.folder / "report.json").read_bytes())["plan"]
    users, files = plan["users"], plan["audio_files"]
    assert (users["rows"], users["will_go"], files["rows"], files["will_go"]) == (55, 52, 62, 61)
    assert users["hashes"] == {"argon2id": 53, "none": 1, "unreadable": 1}
    assert users["nulls"] == {"password_hash": 1, "key_salt": 1, "email": 1}
    assert users["emails_twice"] == {"emails": 1, "first": {"ann@example.com": ["a", "c"]}}
    assert users["times_before_2000_or_in_the_future"] == 1
    assert users["columns_left_alone"] == ["nick"]
    assert files["without_a_person"] == 1
    assert files["s3_keys_twice"] == {"keys": 1, "first": ["audio/1.3gp"]}
    assert plan["cost"]["write_units"] == 52 * 5 + 2 * 2 + 61 * 6 + 2 * 2
    assert plan["cost"]["minutes"] == round(plan["cost"]["write_units"] / 10 / 60, 1)
    assert "s3_key is longer than 1024 bytes" in said
    assert "1 emails are there twice" in said
    assert {"  - 53 hashes: argon2id", "  - 1 have no person, and do not go", "  - 1 without key_salt"} <= {
        *said.splitlines()
    }
    assert "at 10 a second" in said
    assert list(move.deps.users.scan()) == list(move.deps.emails.scan()) == []


def test_the_plans_price_is_what_the_run_pays(move: Move, old: Old) -> None:
    """The units of the plan are those that DynamoDB says it has charged; one more mark here or there."""
    old.people(120, 120)
    move.done("plan")
    move.done("run")
    known = orjson.loads((move.folder / "report.json").read_bytes())
    assert abs(known["plan"]["cost"]["write_units"] - known["run"]["units"]) < 0.1 * known["run"]["units"]
