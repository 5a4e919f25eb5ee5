"""Links and the emails that they claim: a link works once, and every claim has its person, every person their claim."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from panzoto.crypto.purposes import Purpose
from panzoto.errors import Conflict, LinkInvalid
from panzoto.flows import _one_use
from panzoto.flows._email_verification import PURPOSE
from panzoto.flows.delete_me import erase
from panzoto.flows.sign_in_by_link import sign_in_by_link
from panzoto.flows.verify_email import verify_email
from panzoto.models.one_use_tokens import OneUseToken
from panzoto.models.user import User
from tests.accounts.conftest import new_email
from tests.proof.play import Play, calm, values
from tests.proof.stage import Outcome
from tests.proof.standing import Standing
from tests.support.people import leave
from tests.support.phones import HERE, person


def magic_link(on: Standing) -> Play:
    """Two devices open one link of somebody new, and a third another link to the same mailbox."""
    deps, email = on.deps, new_email()
    text, other = link_of_somebody_new(on, email), link_of_somebody_new(on, email)

    def check(outcomes: list[Outcome]) -> None:
        assert len(values(outcomes[:2])) <= 1, "a link was used twice"
        assert all(isinstance(each.refusal, LinkInvalid | Conflict) for each in outcomes if each.refusal)
        claim_holds(deps, email)
        claim, used = deps.emails.find(email), [is_used(deps, each) for each in (text, other)]
        assert any(used) == (claim is not None), "a link was spent and made nobody, or the reverse"
        for each in values(outcomes):
            assert each.user.user_id == claim["user_id"], "one mailbox signs in two people"
        if calm(outcomes):
            assert values(outcomes), "nobody signed in"

    return Play([partial(sign_in_by_link, deps, each, None, HERE) for each in (text, text, other)], check)


def email_claim(on: Standing) -> Play:
    """Two people change to the same email, which somebody new signs in by, while one of the two is deleted."""
    deps, wanted = on.deps, new_email()
    people = [person(deps, new_email()) for _ in range(2)]
    changes = [change_link(on, each, wanted) for each in people]
    new = link_of_somebody_new(on, wanted)

    def delete() -> None:
        user = deps.users.find(people[0].user_id)
        assert user is not None
        erase(deps, leave(deps, user))

    def check(outcomes: list[Outcome]) -> None:
        if not outcomes[3].done and (found := deps.users.find(people[0].user_id)) is not None:
            erase(deps, found if found.deleting_at else leave(deps, found))
        assert deps.users.find(people[0].user_id) is None
        if outcomes[1].done and outcomes[2].done:  # somebody new would have the email, and nobody else could get it
            assert outcomes[2].value.user.user_id in {each.user_id for each in people}, "an email became two people's"
        for email in (wanted, *(each.email for each in people)):
            claim_holds(deps, email or "")
        left = deps.users.find(people[1].user_id)
        assert left is not None
        assert (deps.emails.find(left.email) or {}).get("user_id") == left.user_id, "a person has lost their claim"
        assert not outcomes[1].done or left.email == wanted, "a change that was answered is lost"

    acts = [partial(verify_email, deps, each, HERE) for each in changes]
    return Play([*acts, partial(sign_in_by_link, deps, new, None, HERE), delete], check)


def claim_holds(deps: Any, email: str) -> None:
    """A claim names a person who has that email."""
    claim = deps.emails.find(email)
    if claim is not None:
        user = deps.users.find(claim["user_id"])
        assert user is not None, "a claim is an orphan"
        assert user.email == email, "a claim names somebody who has another email"


def is_used(deps: Any, text: str) -> bool:
    """Whether a link was spent."""
    return bool(deps.one_use_tokens.get({"tokenId": text.split(".", maxsplit=1)[0]})["used"])


def change_link(on: Standing, user: User, email: str) -> str:
    """A link that changes somebody's email."""
    deps = on.deps
    deps.users.change(user, deps.clock(), {"pending_email": email})
    return _one_use.issue(deps, PURPOSE, user, email, deps.config.email_verification_expiry, HERE, deps.clock())


def link_of_somebody_new(on: Standing, email: str) -> str:
    """A link that makes the person who has that mailbox."""
    deps, now = on.deps, on.service.clock()
    issued = deps.purposes.issue(Purpose.MAGIC_LINK)
    token = OneUseToken(
        token_id=issued.token_id,
        purpose=Purpose.MAGIC_LINK,
        digest=issued.secret_digest,
        user_id=str(uuid.uuid4()),
        email=email,
        epoch=0,
        created_at=now,
        expires_at=now + deps.config.magic_link_expiry,
        address=HERE.address,
        user_agent=HERE.user_agent,
        details={"sourceFlow": "email"},
        is_new=True,
    )
    deps.one_use_tokens.issue(token)
    text: str = issued.text
    return text
