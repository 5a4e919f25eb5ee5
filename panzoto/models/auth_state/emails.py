"""Claims of emails: what makes an email unique, because no index can."""

from __future__ import annotations

from collections.abc import Iterable

from panzoto.errors import Conflict, EmailTaken
from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.expressions import Attr, fixed
from panzoto.models.store.transaction import Member
from panzoto.models.store.wire import Item
from panzoto.models.table import Table

from .keys import key

NEW = fixed(Attr("PK").not_exists())


class EmailClaims(Table):
    """`EMAIL#<email>`: whom an email belongs to."""

    spec = AUTH_STATE

    def claiming(self, email: str, user_id: str) -> Member:
        """The claim of an email for a new person, as a member of the transaction that makes the person."""
        item = {**key("EMAIL", email), "user_id": user_id}
        return self.putting(item, when=NEW, otherwise=EmailTaken)

    def releasing(self, email: str, user_id: str) -> Member:
        """The end of a person's claim of an email, as a member of the transaction that takes the email from them."""
        return self.deleting(key("EMAIL", email), when=Attr("user_id").eq(user_id), otherwise=Conflict)

    def release(self, email: str, user_id: str) -> None:
        """End a person's claim of an email, if it is still theirs."""
        claim = self.find(email)
        if claim is not None and claim["user_id"] == user_id:
            self.delete(key("EMAIL", email), when=Attr("user_id").eq(user_id))

    def find(self, email: str) -> Item | None:
        """The claim of an email, read consistently."""
        return self.get(key("EMAIL", email))

    def owners(self, emails: Iterable[str]) -> dict[str, str]:
        """Whom each of those emails belongs to that is claimed, read consistently."""
        found = self.get_many([key("EMAIL", email) for email in emails])
        return {item["PK"].removeprefix("EMAIL#"): item["user_id"] for item in found if "user_id" in item}
