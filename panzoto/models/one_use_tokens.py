"""Tokens that work once: the item holds a digest of the secret, and spending it is one conditional write."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from panzoto.crypto.purposes import Purpose
from panzoto.errors import CodeRejected, CodeSpent, LinkInvalid

from .spec import AUTH_TOKENS
from .store.expressions import Attr, Change, Condition, Key
from .store.transaction import Member
from .store.wire import Item
from .table import Table
from .times import from_seconds, seconds

INDEX = "userId-tokenType-index"


@dataclass(frozen=True, kw_only=True)
class OneUseToken:
    """A token that was sent to somebody."""

    token_id: str
    purpose: Purpose
    digest: str
    user_id: str
    email: str
    epoch: int
    created_at: datetime
    expires_at: datetime
    address: str
    user_agent: str
    details: dict[str, Any] = field(default_factory=dict)
    phone: str | None = None
    device_id: str | None = None
    # What a link can be replaced by: a code to type, of which so many guesses are looked at.
    code_hash: str | None = field(default=None, repr=False)
    attempts: int = 0
    # Whoever asked had no account yet: the link may make one, which a link to somebody we knew never does.
    is_new: bool = False
    # A token that was refused is kept as a used one: that somebody asked costs the same, and is seen.
    used: bool = False


class OneUseTokens(Table):
    """The one-use tokens in the tokens table."""

    spec = AUTH_TOKENS

    def issue(self, token: OneUseToken) -> None:
        """Keep a token that is about to be sent."""
        self.put(to_item(token), when=Attr("tokenId").not_exists())

    def issuing(self, token: OneUseToken) -> Member:
        """The same, as a member of a transaction."""
        return self.putting(to_item(token), when=Attr("tokenId").not_exists())

    def look_at(self, purpose: Purpose, token_id: str, now: datetime) -> OneUseToken:
        """The token of that id, if it would work now; its digest is yet to be compared, and nothing is spent."""
        item = self.get({"tokenId": token_id})
        if item is None or item["tokenType"] != purpose.value:
            raise LinkInvalid
        token = from_item(item)
        if token.used or now >= token.expires_at:
            raise LinkInvalid
        return token

    def spend_attempt(self, purpose: Purpose, token_id: str, most: int, now: datetime) -> OneUseToken:
        """Charge one guess at the code of a token, before it is looked at.

        At a used one too: otherwise only what was never refused would run out of guesses, and so be told apart.
        """
        lives = Attr("expiresAt").gt(seconds(now)) & Attr("tokenType").eq(purpose.value)
        item = self.update(
            {"tokenId": token_id},
            Change(add={"attempts": 1}),
            when=lives & Attr("codeHash").exists() & Attr("attempts").lt(most),
            otherwise=lambda item: CodeSpent() if item and item.get("attempts", 0) >= most else CodeRejected(),
        )
        return from_item(item)

    def give_back(self, token: OneUseToken) -> None:
        """Take back a guess that nobody has looked at."""
        change = Change(add={"attempts": -1})
        self.update({"tokenId": token.token_id}, change, when=Attr("attempts").gt(0), otherwise=CodeRejected)

    def withdraw(self, token: OneUseToken) -> None:
        """Delete a token that could not be sent."""
        self.delete({"tokenId": token.token_id})

    def spend(self, token: OneUseToken, now: datetime) -> None:
        """The one use of a token: of two callers, one returns."""
        self.update({"tokenId": token.token_id}, _spent(now), when=_works(token, now), otherwise=LinkInvalid)

    def spending(self, token: OneUseToken, now: datetime) -> Member:
        """The one use of a token, as a member of the transaction that does what it is for."""
        return self.updating({"tokenId": token.token_id}, _spent(now), when=_works(token, now), otherwise=LinkInvalid)

    def newest(self, email: str, limit: int) -> list[Item]:
        """What was sent to an email lately, and its sessions, newest first."""
        return self.query(Key("email").eq(email), index="email-index", newest_first=True, limit=limit).items

    def forget(self, user_id: str) -> None:
        """Delete every token of a person."""
        for purpose in Purpose:
            where = Key("userId").eq(user_id) & Key("tokenType").eq(purpose.value)
            found = self.query_all(where, index=INDEX)
            self.write_many(deletes=[{"tokenId": each["tokenId"]} for each in found])


def _spent(now: datetime) -> Change:
    return Change(set={"used": True, "usedAt": seconds(now)})


def _works(token: OneUseToken, now: datetime) -> Condition:
    return (
        Attr("used").eq(False)
        & Attr("expiresAt").gt(seconds(now))
        & Attr("tokenType").eq(token.purpose.value)
        & Attr("secretDigest").eq(token.digest)
    )


def to_item(token: OneUseToken) -> Item:
    """The item of a token, with the seed's attributes and a digest in place of the secret."""
    return {
        "tokenId": token.token_id,
        "tokenType": token.purpose.value,
        "secretDigest": token.digest,
        "email": token.email,
        "userId": token.user_id,
        "deviceId": token.device_id,
        "epoch": token.epoch,
        "isNew": token.is_new,
        "createdAt": seconds(token.created_at),
        "expiresAt": seconds(token.expires_at),
        "used": token.used,
        "usedAt": None,
        "sessionJWT": None,
        "metadata": {"ipAddress": token.address, "userAgent": token.user_agent, **token.details},
        **({"phoneNumber": token.phone} if token.phone else {}),
        **({"codeHash": token.code_hash, "attempts": token.attempts} if token.code_hash else {}),
    }


def from_item(item: Item) -> OneUseToken:
    """The token that an item describes."""
    metadata = dict(item["metadata"])
    return OneUseToken(
        token_id=item["tokenId"],
        purpose=Purpose(item["tokenType"]),
        digest=item["secretDigest"],
        user_id=item["userId"],
        email=item["email"],
        epoch=item["epoch"],
        created_at=from_seconds(item["createdAt"]),
        expires_at=from_seconds(item["expiresAt"]),
        address=metadata.pop("ipAddress"),
        user_agent=metadata.pop("userAgent"),
        details=metadata,
        phone=item.get("phoneNumber"),
        device_id=item["deviceId"],
        code_hash=item.get("codeHash"),
        attempts=item.get("attempts", 0),
        is_new=item.get("isNew", False),
        used=item["used"],
    )
