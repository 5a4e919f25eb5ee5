"""Several writes together: all of them or none, and which of them stood in the way."""

from __future__ import annotations

import pytest

from panzoto.deps import Deps
from panzoto.errors import Conflict, EmailTaken, TransactionLost
from panzoto.models.store.expressions import Attr, Change
from panzoto.models.store.transaction import transact
from panzoto.models.store.wire import Item

from .conftest import Files, Logs

NEW = Attr("file_id").not_exists()
LOG = {"userId": "u", "timestamp": "t"}


class Held(Exception):
    """Told with who holds the item."""


def held(item: Item | None) -> Exception:
    """An error made from the item that was there."""
    return Held(item["owner"] if item else None)


def test_every_kind_of_member_is_done(deps: Deps, files: Files, logs: Logs) -> None:
    """A put, an update, a delete and a check, in two tables, in one transaction."""
    files.put({"file_id": "old"})
    files.put({"file_id": "counted", "hits": 1})
    files.put({"file_id": "checked", "state": "open"})
    transact(
        deps.gateway,
        logs.putting(LOG),
        files.updating({"file_id": "counted"}, Change(add={"hits": 1}), when=Attr("hits").eq(1)),
        files.updating({"file_id": "made"}, Change(set={"a": 1})),
        files.deleting({"file_id": "old"}, when=Attr("file_id").exists()),
        files.checking({"file_id": "checked"}, when=Attr("state").eq("open")),
    )
    assert logs.get(LOG) == LOG
    assert files.get({"file_id": "old"}) is None
    assert files.get({"file_id": "made"}) == {"file_id": "made", "a": 1}
    assert files.get({"file_id": "counted"}) == {"file_id": "counted", "hits": 2}


@pytest.mark.parametrize("refused", ["Put", "Update", "Delete", "ConditionCheck"])
def test_a_member_of_any_kind_raises_its_own_error(deps: Deps, files: Files, logs: Logs, refused: str) -> None:
    """Whichever kind of write it is, its condition fails with its error and the old item, and nothing is written."""
    key = {"file_id": "f"}
    files.put(key | {"owner": "somebody"})
    mine = Attr("owner").eq("me")
    member = {
        "Put": files.putting(key, when=mine, otherwise=held),
        "Update": files.updating(key, Change(set={"owner": "me"}), when=mine, otherwise=held),
        "Delete": files.deleting(key, when=mine, otherwise=held),
        "ConditionCheck": files.checking(key, when=mine, otherwise=held),
    }[refused]
    with pytest.raises(Held, match="somebody"):
        transact(deps.gateway, logs.putting(LOG), member)
    assert logs.get(LOG) is None
    assert files.get(key) == key | {"owner": "somebody"}


def test_a_member_that_found_nothing_tells_of_none(deps: Deps, files: Files) -> None:
    """The condition may fail because there is no item."""
    with pytest.raises(Held, match="None"):
        transact(deps.gateway, files.checking({"file_id": "f"}, when=Attr("file_id").exists(), otherwise=held))


def test_the_first_member_with_an_error_of_its_own_raises_it(deps: Deps, files: Files) -> None:
    """Of several members that failed the first that names an error speaks, not one that failed before it in silence."""
    for name in "abcd":
        files.put({"file_id": name, "owner": name})
    with pytest.raises(EmailTaken):
        transact(
            deps.gateway,
            files.putting({"file_id": "new"}, when=NEW, otherwise=Conflict),
            files.putting({"file_id": "a"}, when=NEW),
            files.putting({"file_id": "b"}, when=NEW, otherwise=EmailTaken),
            files.putting({"file_id": "c"}, when=NEW, otherwise=held),
        )
    assert files.get({"file_id": "new"}) is None


def test_members_without_an_error_are_named(deps: Deps, files: Files, logs: Logs) -> None:
    """A transaction that nobody foresaw the failure of says which members failed, for the log."""
    files.put({"file_id": "a"})
    logs.put(LOG)
    with pytest.raises(TransactionLost) as raised:
        transact(
            deps.gateway,
            files.putting({"file_id": "a"}, when=NEW),
            files.putting({"file_id": "b"}, when=NEW, otherwise=Conflict),
            logs.deleting(LOG, when=Attr("userId").eq("nobody")),
        )
    assert raised.value.failed == (
        "Put audio_files: ConditionalCheckFailed",
        "Delete oauth_logs: ConditionalCheckFailed",
    )


def test_each_transaction_is_one_of_its_own(deps: Deps, files: Files) -> None:
    """The same writes asked for twice are done twice: only a repeated attempt is the same transaction."""
    count = files.updating({"file_id": "f"}, Change(add={"hits": 1}))
    transact(deps.gateway, count)
    transact(deps.gateway, count)
    assert (files.get({"file_id": "f"}) or {})["hits"] == 2
