"""What the gateway makes of every fault: tried again, refused, or told as a lost race; and what a client hears."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore import exceptions

from panzoto.errors import Conflict, EmailTaken, StoreBusy, StoreRefused, StoreUnavailable, TransactionLost
from panzoto.models.store.expressions import Attr, Change
from panzoto.models.store.gateway import AFTER_REPAIR, ATTEMPTS, FIRST_PAUSE, LONGEST_PAUSE
from panzoto.models.store.transaction import transact
from tests.support import border
from tests.support.rigs import DEADLINE, NOWHERE, Rig

KEY = {"file_id": "f"}
NEW = Attr("file_id").not_exists()
FINE = border.says(200, {})
BUSY = [
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "Throttling",
    "TransactionConflictException",
    "TransactionInProgressException",
]
WRONG = [
    "AccessDeniedException",
    "IdempotentParameterMismatchException",
    "ItemCollectionSizeLimitExceededException",
    "ResourceNotFoundException",
    "SerializationException",
    "ValidationException",
]
STRANGERS = ["InvalidSignatureException", "RequestTimeTooSkewed", "UnrecognizedClientException"]
DOWN = {
    "credentials that are being replaced": border.refuses("ExpiredTokenException"),
    "a request that was signed too long ago": border.refuses("RequestExpired"),
    "no credentials yet": border.fails(exceptions.NoCredentialsError()),
    "internal error": border.refuses("InternalServerError", 500),
    "unavailable": border.refuses("ServiceUnavailable", 503),
    "a proxy's page": border.says(502, b"<html>Bad Gateway</html>"),
    "a proxy's sentence": border.says(504, b"upstream timed out"),
    "no body": border.says(503, b""),
    "connect timeout": border.fails(exceptions.ConnectTimeoutError(endpoint_url=NOWHERE)),
    "read timeout": border.fails(exceptions.ReadTimeoutError(endpoint_url=NOWHERE)),
    "closed": border.fails(exceptions.ConnectionClosedError(endpoint_url=NOWHERE)),
    "nobody there": border.fails(exceptions.EndpointConnectionError(endpoint_url=NOWHERE)),
    "proxy": border.fails(exceptions.ProxyConnectionError(proxy_url=NOWHERE)),
    "TLS": border.fails(exceptions.SSLError(endpoint_url=NOWHERE, error=OSError("handshake"))),
    "broken off": border.fails(exceptions.ResponseStreamingError(error="cut")),
    "any other fault of HTTP": border.fails(exceptions.HTTPClientError(error="odd")),
    "no credentials just now": border.fails(exceptions.CredentialRetrievalError(provider="iam", error_msg="late")),
    "a page instead of an answer": border.says(200, b"<html>Log in to the network</html>"),
    "half an answer": border.says(200, b'{"Item": {"file_id": {"S": "f'),
    "an empty answer": border.says(200, b""),
    "a list": border.says(200, b"[]"),
    "nothing": border.says(200, b"null"),
    "no text": border.says(200, b"\xff\xfe"),
    "a way elsewhere": border.says(307, {"location": "https://login.example"}),
    "a page that forbids": border.says(403, b"<html>Forbidden by policy</html>"),
}
CALLS: dict[str, Callable[[Rig], Any]] = {
    "get": lambda rig: rig.files.get(KEY),
    "put": lambda rig: rig.files.put(KEY, when=NEW),
    "transaction": lambda rig: transact(rig.gateway, rig.files.putting(KEY, when=NEW, otherwise=EmailTaken)),
}


@pytest.fixture
def rig() -> Rig:
    """A gateway whose answers the test writes."""
    return Rig()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("code", BUSY)
def test_a_busy_store_is_asked_again(rig: Rig, code: str, call: Callable[[Rig], Any]) -> None:
    """Two refusals that say "later", then success: the caller notices nothing."""
    rig.meets(border.refuses(code), border.refuses(code), then=FINE)
    call(rig)
    assert rig.attempts == 3
    assert len(rig.clock.waits) == 2


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("step", DOWN.values(), ids=DOWN.keys())
def test_an_outage_that_ends_is_not_noticed(rig: Rig, step: border.Step, call: Callable[[Rig], Any]) -> None:
    """Whatever stood between us and an answer, the next attempt has it."""
    rig.meets(step, then=FINE)
    call(rig)
    assert rig.attempts == 2


@pytest.mark.parametrize("code", BUSY)
def test_a_store_that_stays_busy_is_said_to_be(rig: Rig, code: str) -> None:
    """After a bounded number of attempts the client hears that the store is busy, and when to come back."""
    rig.meets(then=border.refuses(code))
    with pytest.raises(StoreBusy) as raised:
        rig.files.get(KEY)
    assert raised.value.retry_after
    assert rig.attempts == ATTEMPTS


@pytest.mark.parametrize("step", DOWN.values(), ids=DOWN.keys())
def test_an_outage_that_stays_is_said_to_be_one(rig: Rig, step: border.Step) -> None:
    """After a bounded number of attempts the client hears of an outage: never of a missing item, never of a refusal."""
    rig.meets(then=step)
    with pytest.raises(StoreUnavailable) as raised:
        rig.files.get(KEY)
    assert type(raised.value) is StoreUnavailable
    assert raised.value.retry_after
    assert raised.value.__cause__ is not None
    assert rig.attempts == ATTEMPTS


def test_what_stays_last_is_what_is_said(rig: Rig) -> None:
    """Throttled after an outage is busy; an outage after throttling is an outage."""
    rig.meets(DOWN["closed"], then=border.refuses("ThrottlingException"))
    with pytest.raises(StoreBusy):
        rig.files.get(KEY)
    rig.meets(border.refuses("ThrottlingException"), then=DOWN["closed"])
    with pytest.raises(StoreUnavailable) as raised:
        rig.files.get(KEY)
    assert type(raised.value) is StoreUnavailable


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("code", WRONG)
def test_a_refusal_is_a_defect_of_ours_and_is_not_repeated(rig: Rig, code: str, call: Callable[[Rig], Any]) -> None:
    """A wrong request, a missing table, a missing permission: once, with the code for the log."""
    rig.meets(then=border.refuses(code))
    with pytest.raises(StoreRefused, match=code):
        call(rig)
    assert rig.attempts == 1


@pytest.mark.parametrize("code", STRANGERS)
def test_a_host_that_aws_does_not_know_is_an_outage_that_no_retry_mends(rig: Rig, code: str) -> None:
    """A wrong clock or key is repaired on the host: the client hears of an outage at once, and comes back later."""
    rig.meets(then=border.refuses(code))
    with pytest.raises(StoreUnavailable) as raised:
        rig.files.get(KEY)
    assert raised.value.retry_after == AFTER_REPAIR
    assert rig.attempts == 1


def test_a_call_that_cannot_be_made_is_a_defect_of_the_configuration(rig: Rig) -> None:
    """A fault of botocore's own is no outage that a client should wait for."""
    rig.meets(then=border.fails(exceptions.UnknownServiceError(service_name="x", known_service_names="y")))
    with pytest.raises(StoreRefused, match="UnknownServiceError"):
        rig.files.get(KEY)
    assert rig.attempts == 1


def test_pauses_grow_and_are_never_the_same(rig: Rig) -> None:
    """Each pause is drawn between nothing and a bound that doubles, so that many who failed together part."""
    seen = []
    for _ in range(20):
        rig.meets(then=border.refuses("ThrottlingException"))
        rig.clock.waits.clear()
        with pytest.raises(StoreBusy):
            rig.files.get(KEY)
        seen.append(tuple(rig.clock.waits))
    assert len(set(seen)) == 20
    for number, pauses in enumerate(zip(*seen, strict=True)):
        assert 0 <= min(pauses) < max(pauses) <= min(LONGEST_PAUSE, FIRST_PAUSE * 2**number)
    assert max(seen[0]) <= DEADLINE


def test_a_condition_that_fails_after_an_outage_is_still_a_lost_race(rig: Rig) -> None:
    """The item that was there is not ours, so somebody else was first."""
    theirs = border.refuses("ConditionalCheckFailedException", Item={"file_id": {"S": "f"}, "writeMark": {"S": "x"}})
    rig.meets(*[DOWN["read timeout"], theirs] * 3, then=FINE)
    with pytest.raises(EmailTaken):
        rig.files.put(KEY, when=NEW, otherwise=EmailTaken)
    with pytest.raises(EmailTaken):
        rig.files.update(KEY, Change(add={"n": 1}), when=NEW, otherwise=EmailTaken)
    with pytest.raises(EmailTaken):
        rig.files.delete(KEY, when=NEW, otherwise=EmailTaken)
    assert rig.attempts == 6


# ── transactions ────────────────────────────────────────────────────────────────────────────────────────────────
def pair(rig: Rig) -> None:
    """A transaction of two members of which only the second names an error."""
    members = rig.files.putting(KEY, when=NEW), rig.files.putting({"file_id": "g"}, when=NEW, otherwise=EmailTaken)
    transact(rig.gateway, *members)


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_that_was_cancelled_for_a_while_is_repeated(rig: Rig, reason: str) -> None:
    """A conflict says "later": the same transaction is asked for again, under the same token."""
    rig.meets(border.cancels("None", reason), border.cancels(reason, reason), then=FINE)
    pair(rig)
    assert rig.attempts == 3
    assert len({request["ClientRequestToken"] for request in rig.border.requests}) == 1


def test_a_transaction_that_stays_in_conflict_is_busy(rig: Rig) -> None:
    """Nobody's condition failed, so nobody has lost: the client may come back."""
    rig.meets(then=border.cancels("TransactionConflict", "None"))
    with pytest.raises(StoreBusy):
        pair(rig)
    assert rig.attempts == ATTEMPTS


@pytest.mark.parametrize("other", ["None", "TransactionConflict", "ThrottlingError", "ConditionalCheckFailed"])
def test_a_failed_condition_decides_whatever_else_happened(rig: Rig, other: str) -> None:
    """A member that can never succeed ends the transaction at once, with its own error."""
    rig.meets(then=border.cancels(other, "ConditionalCheckFailed"))
    with pytest.raises(EmailTaken):
        pair(rig)
    assert rig.attempts == 1


@pytest.mark.parametrize("reason", ["ValidationError", "ItemCollectionSizeLimitExceeded", "ConditionalCheckFailed"])
def test_a_cancellation_that_nobody_foresaw_names_the_member(rig: Rig, reason: str) -> None:
    """A reason without an error of its own is told to the log, with the member; a client hears nothing of it."""
    rig.meets(then=border.cancels(reason, "None"))
    with pytest.raises(TransactionLost, match=f"Put audio_files: {reason}") as raised:
        pair(rig)
    assert len(raised.value.failed) == 1
    assert not isinstance(raised.value, Conflict)


def test_a_member_hears_of_the_item_that_was_there(rig: Rig) -> None:
    """The item comes with the reason."""
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": {"n": {"N": "7"}}}]
    rig.meets(then=border.refuses("TransactionCanceledException", CancellationReasons=reasons))
    member = rig.files.putting(KEY, when=NEW, otherwise=lambda item: EmailTaken(repr(item)))
    with pytest.raises(EmailTaken, match=r"{'n': 7}"):
        transact(rig.gateway, rig.files.putting({"file_id": "g"}), member)
