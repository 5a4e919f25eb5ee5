"""Several writes that happen together or not at all, and that say which of them stood in the way."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from panzoto.errors import TransactionLost

from .gateway import Gateway, TransactionCancelled
from .wire import Item

REFUSED = "ConditionalCheckFailed"


@dataclass(frozen=True)
class Member:
    """One write of a transaction, and the error to raise when its condition does not hold."""

    kind: str
    label: str
    request: dict[str, Any]
    otherwise: Callable[[Item | None], Exception] | None


def transact(gateway: Gateway, *members: Member) -> None:
    """Do all of it or nothing. Of the members whose conditions did not hold, the first that names an error raises it.

    The token makes a repeated attempt, whose first answer was lost, the same transaction.
    """
    request = {
        "TransactItems": [{member.kind: member.request} for member in members],
        "ClientRequestToken": secrets.token_urlsafe(24),
    }
    try:
        gateway.call("TransactWriteItems", request)
    except TransactionCancelled as cancelled:
        outcomes = [(member, *reason) for member, reason in zip(members, cancelled.reasons, strict=True)]
        for member, code, item in outcomes:
            if code == REFUSED and member.otherwise is not None:
                raise member.otherwise(item) from None
        raise TransactionLost([f"{member.label}: {code}" for member, code, _ in outcomes if code != "None"]) from None
