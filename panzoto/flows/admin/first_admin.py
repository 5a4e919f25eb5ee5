"""The first administrator, made once by `make run`."""

from __future__ import annotations

import uuid

from panzoto.crypto.keys import new_key_salt
from panzoto.deps import Deps
from panzoto.models.approved_emails import Approval
from panzoto.models.store.transaction import transact
from panzoto.models.user import ADMIN, User

from ._record import recording, standing
from .staff import operator

BY = "flask"


def first_admin(deps: Deps, email: str, password: str) -> User:
    """Make an administrator. Commit point: the transaction; a crash before it leaves nothing, after it all is there.

    A second call with the same email raises `EmailTaken`.
    """
    now = deps.clock()
    admin = User(
        user_id=str(uuid.uuid4()),
        email=email,
        password_hash=deps.passwords.hash(password),
        key_salt=new_key_salt(),
        created_at=now,
        email_verified_at=now.replace(microsecond=0),
        roles=frozenset({ADMIN}),
    )
    # Where only approved people sign in, somebody must be able to approve the first.
    approving = deps.approved_emails.giving(Approval(email=email, approved_by=BY, approved_at=now))
    claiming = deps.emails.claiming(email, admin.user_id)
    adding = deps.admins.adding(admin.user_id)
    recorded = recording(deps, operator(BY), admin.user_id, "role_granted", now, before=None, after=standing(admin))
    transact(deps.gateway, claiming, deps.users.creating(admin), adding, approving, recorded)
    return admin
