"""Claims of emails: what makes an email unique, because no index can."""

from __future__ import annotations

from panzoto.errors import EmailTaken
from panzoto.models.expressions import Attr
from panzoto.models.spec import AUTH_STATE
from panzoto.models.table import Table
from panzoto.models.transaction import Member
from panzoto.models.wire import Item

from .keys import key


class EmailClaims(Table):
    """`EMAIL#<email>`: whom an email belongs to."""

    spec = AUTH_STATE

    def claiming(self, email: str, user_id: str) -> Member:
        """The claim of an email for a new person, as a member of the transaction that makes the person."""
        item = {**key("EMAIL", email), "user_id": user_id}
        return self.putting(item, when=Attr("PK").not_exists(), otherwise=EmailTaken)

    def find(self, email: str) -> Item | None:
        """The claim of an email, read consistently."""
        return self.get(key("EMAIL", email))
