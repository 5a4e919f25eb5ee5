"""Claims of phone numbers: what makes a phone unique, and the seed's record of whose it is."""

from __future__ import annotations

from datetime import datetime

from panzoto.errors import Conflict, PhoneTaken
from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.expressions import Attr, Change
from panzoto.models.store.transaction import Member
from panzoto.models.store.wire import Item
from panzoto.models.table import Table

from .keys import key

KIND = "USER"


class PhoneClaims(Table):
    """`USER#<phone>`: whom a phone belongs to. A record that older software left names nobody, and may be claimed."""

    spec = AUTH_STATE

    def find(self, phone: str) -> Item | None:
        """The claim of a phone, read consistently."""
        return self.get(key(KIND, phone))

    def claiming(self, phone: str, user_id: str, name: str | None, now: datetime) -> Member:
        """The claim of a phone, as a member of the transaction that gives the person the phone."""
        moment = now.isoformat()
        claim = Change(
            set={"user_id": user_id, "phone_number": phone, "updated_at": moment},
            default={"created_at": moment, "name": name},
        )
        return self.updating(key(KIND, phone), claim, when=Attr("user_id").not_exists(), otherwise=PhoneTaken)

    def releasing(self, phone: str, user_id: str) -> Member:
        """The end of a person's claim of a phone, as a member of the transaction that takes it from them."""
        return self.deleting(key(KIND, phone), when=Attr("user_id").eq(user_id), otherwise=Conflict)

    def release(self, phone: str, user_id: str) -> None:
        """End a person's claim of a phone, if it is still theirs."""
        claim = self.find(phone)
        if claim is not None and claim.get("user_id") == user_id:
            self.delete(key(KIND, phone), when=Attr("user_id").eq(user_id))
