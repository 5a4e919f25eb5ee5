"""Sessions as people see them: which device, since when. What ends one is its lineage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .spec import AUTH_TOKENS
from .store.batches import Write
from .store.expressions import Key
from .store.wire import Item
from .table import Table
from .times import from_seconds, seconds

TYPE = "session"
INDEX = "userId-tokenType-index"


@dataclass(frozen=True, kw_only=True)
class Session:
    """One sign-in on one device. `epoch` is the person's at that time; older software did not keep it."""

    session_id: str
    user_id: str
    email: str | None
    phone: str | None
    device_id: str | None
    created_at: datetime
    expires_at: datetime
    flow: str
    address: str
    user_agent: str
    dashboard_id: str | None = None
    epoch: int | None = None


class Sessions(Table):
    """The sessions in the tokens table."""

    spec = AUTH_TOKENS

    def of(self, user_id: str) -> list[Session]:
        """A person's sessions, as far as the index knows them: it follows within a second, as a rule."""
        return [from_item(item) for item in self.items_of(user_id)]

    def some_of(self, user_id: str, limit: int) -> list[Session]:
        """The same, but no more than that many."""
        where = Key("userId").eq(user_id) & Key("tokenType").eq(TYPE)
        return [from_item(item) for item in self.query(where, index=INDEX, limit=limit).items]

    def items_of(self, user_id: str) -> list[Item]:
        """The same as they are kept."""
        where = Key("userId").eq(user_id) & Key("tokenType").eq(TYPE)
        return list(self.query_all(where, index=INDEX))

    def forget(self, session_id: str) -> None:
        """Take a session off the list."""
        self.delete({"tokenId": session_id})

    def forgetting(self, session_id: str) -> Write:
        """The same, as one of several writes that are made together but each for itself."""
        return self.batched_delete({"tokenId": session_id})


def to_item(session: Session) -> Item:
    """The item of a session, with the seed's attributes; it holds no JWT. An index takes no email that is not there."""
    contacts = {"email": session.email, "phoneNumber": session.phone}
    return {
        "tokenId": session.session_id,
        "tokenType": TYPE,
        **{name: value for name, value in contacts.items() if value is not None},
        "userId": session.user_id,
        "deviceId": session.device_id,
        "epoch": session.epoch,
        "createdAt": seconds(session.created_at),
        "expiresAt": seconds(session.expires_at),
        "used": True,
        "usedAt": seconds(session.created_at),
        "sessionJWT": None,
        "metadata": {
            "sourceFlow": session.flow,
            "dashboardId": session.dashboard_id,
            "lastUsedAt": seconds(session.created_at),
            "ipAddress": session.address,
            "userAgent": session.user_agent,
        },
    }


def from_item(item: Item) -> Session:
    """The session that an item describes."""
    metadata = item["metadata"]
    return Session(
        session_id=item["tokenId"],
        user_id=item["userId"],
        email=item.get("email"),
        phone=item.get("phoneNumber"),
        device_id=item["deviceId"],
        created_at=from_seconds(item["createdAt"]),
        expires_at=from_seconds(item["expiresAt"]),
        flow=metadata["sourceFlow"],
        address=metadata["ipAddress"],
        user_agent=metadata["userAgent"],
        dashboard_id=metadata.get("dashboardId"),
        epoch=item.get("epoch"),
    )
