"""Who may act as an administrator: one item that knows them all, so that the last cannot be removed."""

from __future__ import annotations

from panzoto.errors import Conflict, LastAdmin
from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.expressions import Attr, Change
from panzoto.models.store.transaction import Member
from panzoto.models.table import Table

KEY = {"PK": "ADMINS", "SK": "ADMINS"}
NAME = "UserIDs"


class Admins(Table):
    """`ADMINS`: the ids of everybody who has the role and is not disabled."""

    spec = AUTH_STATE

    def has(self, user_id: str) -> bool:
        """Whether somebody is among them."""
        item = self.get(KEY)
        return item is not None and user_id in item.get(NAME, ())

    def adding(self, user_id: str) -> Member:
        """One more, as a member of the transaction that gives the role."""
        return self.updating(KEY, Change(add={NAME: {user_id}}))

    def removing(self, user_id: str) -> Member:
        """One less, as a member of the transaction that takes the role or the account away; never the last."""
        others = Attr(NAME).size().gt(1)
        return self.updating(
            KEY,
            Change(discard={NAME: {user_id}}),
            when=Attr(NAME).contains(user_id) & others,
            otherwise=lambda item: Conflict() if item and user_id not in item.get(NAME, ()) else LastAdmin(),
        )
