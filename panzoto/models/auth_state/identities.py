"""Claims of identities at other providers: the issuer and the subject, never the email, say who somebody is there."""

from __future__ import annotations

from datetime import datetime

from panzoto.errors import Conflict, IdentityTaken
from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.expressions import Attr
from panzoto.models.store.transaction import Member
from panzoto.models.store.wire import Item
from panzoto.models.table import Table

from .keys import key

KIND = "IDENTITY"


class IdentityClaims(Table):
    """`IDENTITY#<iss>#<sub>`: whom an identity belongs to. An issuer has no `#` in it."""

    spec = AUTH_STATE

    def find(self, issuer: str, subject: str) -> Item | None:
        """The claim of an identity, read consistently."""
        return self.get(_key(issuer, subject))

    def claiming(self, issuer: str, subject: str, user_id: str, provider: str, now: datetime) -> Member:
        """The claim of an identity, as a member of the transaction that makes or links the person."""
        item = {**_key(issuer, subject), "user_id": user_id, "provider": provider, "created_at": now.isoformat()}
        return self.putting(item, when=Attr("PK").not_exists(), otherwise=IdentityTaken)

    def releasing(self, issuer: str, subject: str, user_id: str) -> Member:
        """The end of a claim, as a member of the transaction that unlinks it."""
        return self.deleting(_key(issuer, subject), when=Attr("user_id").eq(user_id), otherwise=Conflict)

    def release(self, issuer: str, subject: str, user_id: str) -> None:
        """End a claim, if it is still this person's."""
        claim = self.find(issuer, subject)
        if claim is not None and claim["user_id"] == user_id:
            self.delete(_key(issuer, subject), when=Attr("user_id").eq(user_id))


def _key(issuer: str, subject: str) -> dict[str, str]:
    return key(KIND, f"{issuer}#{subject}")
