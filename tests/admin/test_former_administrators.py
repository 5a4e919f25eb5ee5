"""Administrators whose role, or whose account, ends while they act."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from panzoto.flows.admin import acts
from tests.accounts.conftest import new_email
from tests.support import border

from .conftest import BOSS, Office, opened

ROLE_ACTS = [("PUT", "/roles/admin"), ("PUT", "/roles/support"), ("DELETE", "/roles/admin"), ("POST", "/disable")]


def before_the_second_call(office: Office, act: Callable[[], object]) -> None:
    """Let something happen between the guard's call of DynamoDB and the next."""
    border.at(office.deps.gateway._client, border.through, border.after(act, border.through))


@pytest.mark.parametrize(("method", "path"), ROLE_ACTS)
@pytest.mark.parametrize("at_themselves", [True, False])
def test_whose_role_was_taken_does_nothing_any_more(
    office: Office, method: str, path: str, at_themselves: bool
) -> None:
    """What is under way gives no role back and takes no other administrator's; what is so already stays."""
    former, other = office.login(office.someone("admin")), office.someone("admin")
    at = former if at_themselves else other
    before_the_second_call(
        office, lambda: acts.revoke_role(office.deps, BOSS, former["user_id"], "admin")
    )  # the first is the guard's
    answer = office.ask(method, f"/users/{at['user_id']}{path}", former)
    is_so = {("DELETE", "/roles/admin", True), ("PUT", "/roles/admin", False)}
    assert answer.status_code == (200 if (method, path, at_themselves) in is_so else 401), answer.get_json()
    assert [sorted(office.user(each).roles) for each in (former, other)] == [[], ["admin"]]
    assert office.user(at).disabled_at is None


def test_a_role_is_never_looked_up_in_a_copy(ministack: str) -> None:
    """With REVOCATION_CACHE_SECONDS whoever has lost the role acts no more from the next request on."""
    office = opened(ministack, revocation_cache_seconds=30)
    former, other = office.login(office.someone("admin")), office.login(office.someone("admin"))
    assert office.get("/me", token=former["token"]).status_code == 200, "this one is kept"
    assert office.ask("DELETE", f"/users/{former['user_id']}/roles/admin", other).status_code == 200
    for method, path in (("GET", "figures"), ("PUT", f"users/{former['user_id']}/roles/admin")):
        assert office.ask(method, f"/{path}", former).status_code == 401


def test_a_deletion_releases_the_newest_email(office: Office) -> None:
    """An administrator's email that is verified just before they delete themselves is free again as well."""
    office.someone("admin")
    me, email = office.login(office.someone("admin")), new_email()
    headers = {"Authorization": f"Bearer {me['token']}"}
    assert office.http.patch("/api/v1/auth/me", json={"email": email}, headers=headers).status_code == 200
    link = office.link(email, "verify")
    before_the_second_call(office, lambda: office.post("/email/verify", {"token": link}))
    answer = office.http.delete("/api/v1/auth/me", json={}, headers=headers)
    office.deps.later.finish()
    assert answer.status_code == 202
    assert (office.deps.emails.find(me["email"]), office.deps.emails.find(email)) == (None, None)


def test_an_administrator_may_act_on_themselves(office: Office) -> None:
    """What is asked of them is that their session lives, as of anybody who acts."""
    me = office.login(office.someone("admin"))
    assert office.ask("PUT", f"/users/{me['user_id']}/roles/support", me).status_code == 200
    assert office.user(me).roles == {"admin", "support"}
