"""The first administrator, made once by `make run`."""

from __future__ import annotations

import uuid

from panzoto.crypto.keys import new_key_salt
from panzoto.deps import Deps
from panzoto.models.store.transaction import transact
from panzoto.models.users import User


def first_admin(deps: Deps, email: str, password: str) -> User:
    """Make an administrator. Commit point: the transaction; a crash before it leaves nothing, after it all is there.

    A second call with the same email raises `EmailTaken`.
    """
    admin = User(
        user_id=str(uuid.uuid4()),
        email=email,
        password_hash=deps.passwords.hash(password),
        key_salt=new_key_salt(),
        created_at=deps.clock(),
        roles=frozenset({"admin"}),
    )
    transact(deps.gateway, deps.emails.claiming(email, admin.user_id), deps.users.creating(admin))
    return admin
