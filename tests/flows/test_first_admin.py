"""The first administrator, and how a person is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from panzoto.deps import Deps
from panzoto.errors import EmailTaken, TransactionLost
from panzoto.flows.admin.first_admin import first_admin
from panzoto.models.store.transaction import transact
from panzoto.models.times import seconds
from panzoto.models.user import to_item

EMAIL, PASSWORD = "first@example.com", "a password of some length"


def test_makes_an_administrator_with_a_claimed_email(deps: Deps) -> None:
    """The person is there and is an administrator, and the email is theirs."""
    admin = first_admin(deps, EMAIL, PASSWORD)
    claim = deps.emails.find(EMAIL) or {}
    assert deps.users.find(admin.user_id) == admin
    assert admin.roles == {"admin"}
    assert claim["user_id"] == admin.user_id
    assert UUID(admin.user_id).version == 4


def test_keeps_the_password_as_argon2id_alone(deps: Deps) -> None:
    """Any Argon2 verifies the hash, which has the declared profile; the password is nowhere in the item."""
    admin = first_admin(deps, EMAIL, PASSWORD)
    item = deps.users.get({"user_id": admin.user_id}) or {}
    assert PasswordHasher().verify(item["password_hash"], PASSWORD)
    parameters = extract_parameters(item["password_hash"])
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == deps.passwords.profile.numbers
    assert PASSWORD not in repr(item)


def test_draws_a_salt_for_each_person(deps: Deps) -> None:
    """Salts are 32 bytes of their own, kept as the seed keeps them."""
    one, other = (first_admin(deps, f"{name}@example.com", PASSWORD) for name in ("one", "other"))
    assert len(one.key_salt) == 32
    assert one.key_salt != other.key_salt


def test_refuses_an_email_that_somebody_has(deps: Deps) -> None:
    """A second administrator with the same email is refused, and the first stays as they are."""
    first = first_admin(deps, EMAIL, PASSWORD)
    with pytest.raises(EmailTaken):
        first_admin(deps, EMAIL, "another password")
    assert deps.users.find(first.user_id) == first
    assert (deps.emails.find(EMAIL) or {})["user_id"] == first.user_id


def test_nobody_is_found_where_nobody_is(deps: Deps) -> None:
    """An unknown id and an unclaimed email are None."""
    assert deps.users.find("nobody") is None
    assert deps.emails.find("nobody@example.com") is None


def test_reads_a_person_that_the_seed_wrote(deps: Deps) -> None:
    """Without roles, and with a creation in UTC that does not say so: its seconds were shifted by a time zone."""
    admin = first_admin(deps, EMAIL, PASSWORD)
    seeds = to_item(replace(admin, user_id="seed", roles=frozenset()))
    seeds |= {"created_at": 1_767_225_600 + 7200, "created_at_iso": "2026-01-01T00:00:00.250000"}
    deps.users.put(seeds)
    found = deps.users.find("seed")
    assert found is not None
    assert found.created_at == datetime(2026, 1, 1, 0, 0, 0, 250_000, UTC)
    assert found.roles == frozenset()


def test_a_person_does_not_replace_another(deps: Deps) -> None:
    """The transaction that makes a person fails as a whole where the id is taken, which is a defect and no conflict."""
    admin = first_admin(deps, EMAIL, PASSWORD)
    with pytest.raises(TransactionLost, match="Put users: ConditionalCheckFailed"):
        transact(deps.gateway, deps.emails.claiming("new@example.com", "x"), deps.users.creating(admin))
    assert deps.emails.find("new@example.com") is None


def test_the_first_administrator_is_on_record(deps: Deps) -> None:
    """Nobody administers the service without a trace of where the role came from."""
    admin = first_admin(deps, EMAIL, PASSWORD)
    assert deps.admins.has(admin.user_id)
    (told,) = deps.audit.all_of(admin.user_id)
    assert (told["action"], told["actor"], told["details"]["after"]["roles"]) == (
        "role_granted",
        "operator:flask",
        ["admin"],
    )


def test_a_person_after_a_change_is_who_is_read_then(deps: Deps) -> None:
    """What a transaction writes is shown without a read; what is taken away is gone."""
    admin = first_admin(deps, EMAIL, PASSWORD)
    now = deps.clock()
    changes = {"name": "Ann", "roles": None, "session_epoch": 3, "known_devices": {"one"}, "updated_at": seconds(now)}
    written = deps.users.change(admin, now, changes)
    assert admin.with_changes({}) == admin
    assert admin.with_changes(changes) == written
