"""Writes that took effect although nobody told us: the next attempt knows them, and counts nothing twice."""

from __future__ import annotations

import pytest
from botocore.exceptions import ReadTimeoutError

from panzoto.deps import Deps
from panzoto.errors import Conflict, EmailTaken, StoreUnavailable
from panzoto.models.store.expressions import Attr, Change, Condition
from panzoto.models.store.transaction import transact
from tests.support import border
from tests.support.stores import SERVED

from .conftest import Files

pytestmark = pytest.mark.parametrize("deps", SERVED, indirect=True)

KEY = {"file_id": "f"}
NEW = Attr("file_id").not_exists()


def lose(deps: Deps, *steps: border.Step) -> border.Border:
    """Let the next requests meet these steps."""
    return border.at(deps.gateway._client, *steps)


def test_a_put_knows_itself_again(deps: Deps, files: Files) -> None:
    """The condition fails because of our own item, so nobody has lost."""
    seen = lose(deps, border.lost)
    files.put(KEY | {"size": 1}, when=NEW, otherwise=EmailTaken)
    assert len(seen.requests) == 2
    assert (files.get(KEY) or {})["size"] == 1


def test_a_put_knows_itself_again_after_several_losses(deps: Deps, files: Files) -> None:
    """However often the answer is lost."""
    seen = lose(deps, border.lost, border.lost, border.refuses("ThrottlingException"))
    files.put(KEY | {"tuple": (1, 2), "set": frozenset({"a"})}, when=NEW, otherwise=EmailTaken)
    assert len(seen.requests) == 4


def test_somebody_elses_put_is_not_ours_though_it_is_the_same(deps: Deps, files: Files) -> None:
    """Two callers spend the same token with the very same item: one has it, whatever the other's network did."""
    item = KEY | {"spent": True}
    request = border.fails(ReadTimeoutError(endpoint_url="lost"))
    lose(deps, border.after(lambda: files.put(item, when=NEW), request))
    with pytest.raises(EmailTaken):
        files.put(item, when=NEW, otherwise=EmailTaken)


def test_a_put_that_somebody_else_has_replaced_is_a_conflict(deps: Deps, files: Files) -> None:
    """Ours took effect, but it is not there any more: the caller must look again."""
    lose(deps, border.lost_and(lambda: files.put(KEY | {"by": "somebody"})))
    with pytest.raises(Conflict):
        files.put(KEY | {"by": "me"}, when=NEW)


def test_a_put_whose_answer_stays_lost_is_an_outage(deps: Deps, files: Files) -> None:
    """Whether it took effect is not known, and it is not claimed either way."""
    seen = border.at(deps.gateway._client, then=border.fails(ReadTimeoutError(endpoint_url="lost")))
    with pytest.raises(StoreUnavailable):
        files.put(KEY, when=NEW)
    assert len(seen.requests) > 1


@pytest.mark.parametrize("when", [Attr("hits").eq(5), Attr("hits").lt(9), None], ids=["spent", "holds on", "none"])
def test_a_count_counts_once(deps: Deps, files: Files, when: Condition | None) -> None:
    """Whether its condition still holds afterwards or not, and without one: a repeated count is not another one."""
    files.put(KEY | {"hits": 5})
    seen = lose(deps, border.lost, border.lost)
    after = files.update(KEY, Change(add={"hits": 1}, set={"by": "me"}), when=when, otherwise=EmailTaken)
    assert (after["hits"], after["by"]) == (6, "me")
    assert after == files.get(KEY)
    assert len(seen.requests) == 3 + 1


def test_a_first_count_counts_once(deps: Deps, files: Files) -> None:
    """The count that makes its item, too."""
    lose(deps, border.lost)
    assert files.update(KEY, Change(add={"hits": 1}))["hits"] == 1


def test_an_update_that_somebody_else_has_followed_is_a_conflict(deps: Deps, files: Files) -> None:
    """Ours took effect, somebody else's came after it: the caller must look again."""
    files.put(KEY | {"state": "a"})
    lose(deps, border.lost_and(lambda: files.update(KEY, Change(set={"state": "c"}), when=Attr("state").eq("b"))))
    with pytest.raises(Conflict):
        files.update(KEY, Change(set={"state": "b"}), when=Attr("state").eq("a"))
    assert (files.get(KEY) or {})["state"] == "c"


def test_an_update_without_a_condition_is_simply_repeated(deps: Deps, files: Files) -> None:
    """Setting the same twice is setting it once."""
    lose(deps, border.lost)
    assert files.update(KEY, Change(set={"a": 1})) == KEY | {"a": 1}


def test_a_delete_under_a_condition_is_lost_to_its_caller(deps: Deps, files: Files) -> None:
    """Nothing is left to tell ours from somebody else's: of all callers at most one wins, here none."""
    files.put(KEY | {"hash": "h"})
    lose(deps, border.lost)
    with pytest.raises(EmailTaken):
        files.delete(KEY, when=Attr("hash").eq("h"), otherwise=EmailTaken)
    assert files.get(KEY) is None


def test_a_transaction_is_done_once(deps: Deps, files: Files) -> None:
    """The same token makes the second attempt the same transaction, which has succeeded already."""
    seen = lose(deps, border.lost, border.lost)
    transact(
        deps.gateway,
        files.putting(KEY, when=NEW, otherwise=EmailTaken),
        files.updating({"file_id": "counter"}, Change(add={"hits": 1})),
    )
    assert len({request["ClientRequestToken"] for request in seen.requests}) == 1
    assert len(seen.requests) == 3
    assert (files.get({"file_id": "counter"}) or {})["hits"] == 1


def test_a_batch_is_simply_repeated(deps: Deps, files: Files) -> None:
    """Every item is there once."""
    lose(deps, border.lost)
    items = [{"file_id": f"f{n}"} for n in range(3)]
    files.write_many(puts=items)
    lose(deps, border.lost)
    assert files.get_many(items) == items
