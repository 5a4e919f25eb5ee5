"""The lineage of a session: one child of each token, and nothing that lives after its end."""

from __future__ import annotations

from functools import partial
from typing import Any

from panzoto.errors import SessionEnded
from panzoto.flows.authenticate import authenticate
from panzoto.flows.login import login
from panzoto.flows.logout import logout, logout_all
from panzoto.flows.refresh import refresh
from tests.accounts.conftest import PASSWORD, new_email
from tests.proof.play import Play, refused, values
from tests.proof.stage import Act, Outcome
from tests.proof.standing import Standing
from tests.support.phones import HERE, person, signed_in


def sign_out(on: Standing) -> Play:
    """Two threads of a phone refresh the same token while its owner signs out."""
    deps = on.deps
    begun = signed_in(deps, person(deps, new_email()))
    caller = authenticate(deps, begun.access_token)
    again: Act = partial(logout, deps, caller, HERE)

    def check(outcomes: list[Outcome]) -> None:
        *refreshed, ended = outcomes
        lineage = deps.lineages.find(begun.session_id)
        children = {each.refresh_token for each in values(refreshed)}
        assert len(children) <= 1, "a token has two children"
        assert lineage.counter <= 1, "a token was replaced twice"
        assert all(isinstance(each.refusal, SessionEnded) for each in refreshed if each.refusal)
        assert not ended.done or lineage.revoked, "a sign-out that was answered is lost"
        if any(each.refusal for each in refreshed):
            assert lineage.revoked, "somebody was refused who had done nothing wrong"
        tokens = [begun, *values(refreshed)]
        if not lineage.revoked:
            assert all(works(deps, each) for each in tokens), "somebody is locked out"
            again()
        assert not any(works(deps, each) for each in tokens), "an access token lives on"
        assert ends(deps, begun.refresh_token, *children), "a refresh token lives on"

    return Play([*[partial(refresh, deps, begun.refresh_token, None, HERE)] * 2, again], check)


def reuse(on: Standing) -> Play:
    """A thief presents an old token while the phone refreshes the newest."""
    deps = on.deps
    first = signed_in(deps, person(deps, new_email()))
    child = refresh(deps, first.refresh_token, None, HERE)
    newest = refresh(deps, child.refresh_token, None, HERE)
    steals: Act = partial(refresh, deps, first.refresh_token, None, HERE)

    def check(outcomes: list[Outcome]) -> None:
        thief, *refreshed = outcomes
        assert not thief.done, "an old token got a new one"
        if thief.crashed:
            assert refused(steals)
        assert deps.lineages.find(first.session_id).revoked, "a thief was seen and nothing ended"
        tokens = [first, child, newest, *values(refreshed)]
        assert not any(works(deps, each) for each in tokens), "an access token lives on"
        assert ends(deps, *(each.refresh_token for each in tokens)), "a refresh token lives on"

    return Play([steals, *[partial(refresh, deps, newest.refresh_token, None, HERE)] * 2], check)


def everywhere(on: Standing) -> Play:
    """Somebody ends all sessions while a phone refreshes, and signs in again at that moment."""
    deps, email = on.deps, new_email()
    user = person(deps, email, password_hash=deps.passwords.hash(PASSWORD))
    begun = signed_in(deps, user)
    caller = authenticate(deps, begun.access_token)
    again: Act = partial(logout_all, deps, caller, HERE)

    def check(outcomes: list[Outcome]) -> None:
        ended, refreshed, entered = outcomes
        if ended.crashed:
            again()
        old = [begun, *values([refreshed])]
        assert ends(deps, *(each.refresh_token for each in old)), "a refresh token lives on"  # before a look mends it
        assert not any(works(deps, each) for each in old), "an access token lives on"
        for new in values([entered]):
            if works(deps, new):
                assert new.session_id in {each.session_id for each in deps.sessions.of(user.user_id)}, "nobody finds it"
                logout(deps, authenticate(deps, new.access_token), HERE)
                assert not works(deps, new), "a sign-out that was answered is lost"
            assert ends(deps, new.refresh_token), "a refresh token lives on"
        told = [each["action"] for each in deps.audit.all_of(user.user_id)]
        assert told.count("signed_out_everywhere") == deps.users.find(user.user_id).epoch, "an act without its event"

    refreshes: Act = partial(refresh, deps, begun.refresh_token, None, HERE)
    return Play([again, refreshes, partial(login, deps, email, PASSWORD, HERE)], check)


def works(deps: Any, tokens: Any) -> bool:
    """Whether an access token lets somebody in."""
    return not refused(lambda: authenticate(deps, tokens.access_token))


def ends(deps: Any, *tokens: str) -> bool:
    """Whether each refresh token is refused."""
    return all(refused(partial(refresh, deps, each, None, HERE)) for each in tokens)
