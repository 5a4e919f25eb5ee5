"""What administrators do to accounts, what is on record of it, and what they cannot do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

import pytest

from panzoto.errors import Conflict, LastAdmin, NotFound
from panzoto.flows import delete_me
from panzoto.flows.admin import acts
from panzoto.flows.authenticate import authenticate
from panzoto.flows.client import Client
from tests.support import border
from tests.support.border import told_by_transactions
from tests.support.people import leave

from .conftest import BOSS, Office, new_email, opened

Me = dict[str, Any]
SOMEWHERE = Client("192.0.2.1", "tests", "en")


def act(office: Office, admin: Me, method: str, path: str, status: int = 200) -> Any:
    """An act, and what it answers."""
    answer = office.ask(method, path, admin)
    assert answer.status_code == status, answer.get_json()
    return answer.get_json()


def test_a_disabled_person_is_refused_on_the_next_request(office: Office, admin: Me) -> None:
    """By access token, refresh token and password; enabled again, a sign-in works and the old sessions do not."""
    me = office.someone()
    assert act(office, admin, "POST", f"/users/{me['user_id']}/disable")["user"]["disabled_at"]
    assert office.get("/me", token=me["token"]).status_code == 401
    assert office.post("/refresh", {"refresh_token": me["refresh_token"]}).status_code == 401
    assert office.post("/login", {"email": me["email"], "password": "SecurePassword123!"}).status_code == 401
    assert act(office, admin, "POST", f"/users/{me['user_id']}/enable")["user"]["disabled_at"] is None
    assert office.get("/me", token=me["token"]).status_code == 401
    assert office.get("/me", token=office.login(me)["token"]).status_code == 200


def test_every_act_is_on_record_with_before_and_after(office: Office, admin: Me) -> None:
    """Who, on whom, from where, what it was and what it is; what changes nothing is no event."""
    me = office.someone()
    passing = border.at(office.deps.gateway._client)
    path = f"/users/{me['user_id']}"
    session = office.deps.refresh_tokens.read(office.login(me)["refresh_token"]).sid
    for method, rest in (
        ("DELETE", f"/sessions/{session}"),
        ("PUT", "/roles/admin"),
        ("PUT", "/roles/admin"),
        ("DELETE", "/roles/admin"),
        ("PUT", "/roles/support"),
        ("PUT", "/roles/support"),
        ("DELETE", "/roles/support"),
        ("DELETE", "/roles/support"),
        ("DELETE", "/sessions"),
        ("POST", "/reset"),
        ("POST", "/disable"),
        ("POST", "/disable"),
        ("POST", "/enable"),
        ("POST", "/enable"),
    ):
        office.clock.pass_by(milliseconds=1)
        act(office, admin, method, path + rest)
    found = [each for each in office.events(me["user_id"]) if each["actor"] == admin["user_id"]]
    assert {each["action"] for each in found} <= told_by_transactions(passing)
    assert [each["action"] for each in reversed(found)] == [
        "session_ended",
        "role_granted",
        "role_revoked",
        "role_granted",
        "role_revoked",
        "signed_out_everywhere",
        "reset_sent",
        "disabled",
        "enabled",
    ]
    assert all(each["details"].keys() == {"before", "after", "by"} for each in found)
    assert all(each["details"]["by"] == admin["email"] and each["ipAddress"] for each in found)
    granted = found[-2]["details"]
    assert (granted["before"]["roles"], granted["after"]["roles"]) == ([], ["admin"])
    disabled = found[1]["details"]
    assert disabled["before"]["disabled_at"] is None
    assert disabled["after"]["disabled_at"]


def test_one_session_or_all_are_ended_by_support(office: Office, support: Me) -> None:
    """One ends and the others go on; then all end, and it is told how many were known."""
    me = office.someone()
    second, third = office.login(me), office.login(me)
    session = office.deps.refresh_tokens.read(second["refresh_token"]).sid
    act(office, support, "DELETE", f"/users/{me['user_id']}/sessions/{session}")
    assert [office.get("/me", token=each["token"]).status_code for each in (me, second, third)] == [200, 401, 200]
    assert act(office, support, "DELETE", f"/users/{me['user_id']}/sessions") == {"ended": 2}
    assert office.get("/me", token=third["token"]).status_code == 401
    other = office.deps.refresh_tokens.read(support["refresh_token"]).sid
    assert act(office, support, "DELETE", f"/users/{me['user_id']}/sessions/{other}", 404)["code"] == "not_found"
    assert act(office, support, "DELETE", f"/users/{me['user_id']}/sessions/nothing", 404)["code"] == "not_found"


def test_a_reset_goes_to_its_owner_and_nobody_else(office: Office, admin: Me) -> None:
    """The answer says where the link went, and the link is in the mail alone."""
    me = office.someone()
    said = act(office, admin, "POST", f"/users/{me['user_id']}/reset")
    assert said == {"sent_to": me["email"]}
    link = office.link(me["email"], "reset")
    events = office.events(me["user_id"])
    assert link.partition(".")[2] not in str(events)
    act(office, admin, "POST", f"/users/{me['user_id']}/disable")
    assert act(office, admin, "POST", f"/users/{me['user_id']}/reset", 409)["code"] == "conflict"


def test_whose_email_nobody_has_proved_gets_no_role(office: Office, admin: Me) -> None:
    """Anybody registers with the email of whoever is to get it; who has come by a link to the mailbox is its owner."""
    email = new_email()
    stranger = office.register(email)
    path = f"/users/{stranger['user_id']}/roles/admin"
    assert act(office, admin, "PUT", path, 409)["code"] == "conflict"
    assert "sign in by a link" in office.flask("users", "grant", email, "admin").output
    assert office.user(stranger).roles == frozenset()
    assert office.get("/me", token=stranger["token"]).status_code == 200
    office.post("/magic-link", {"email": email})
    owner = office.post("/magic-link/verify", {"token": office.link(email, "m")}).get_json()
    assert act(office, admin, "PUT", path)["user"]["roles"] == ["admin"]
    assert office.ask("GET", "/figures", owner).status_code == 200
    assert office.ask("GET", "/figures", stranger).status_code == 401, "who had registered is out"


def test_nobody_and_no_role(office: Office, admin: Me) -> None:
    """What does not exist is 404, somebody who is being deleted too."""
    me = office.someone()
    assert act(office, admin, "PUT", f"/users/{me['user_id']}/roles/owner", 404)["code"] == "not_found"
    assert act(office, admin, "POST", "/users/nobody/disable", 404)["code"] == "not_found"
    leave(office.deps, office.user(me))
    assert act(office, admin, "POST", f"/users/{me['user_id']}/enable", 404)["code"] == "not_found"


@pytest.mark.parametrize("meanwhile", ["roles", "disabled_at", "deleting_at", "session_epoch"])
def test_who_changed_meanwhile_is_looked_at_again(office: Office, meanwhile: str) -> None:
    """An act on somebody as they were is refused: they got a role, were disabled or deleted, or signed out."""
    me = office.someone()
    user = office.user(me)
    changed = {"roles": {"support"}, "session_epoch": user.epoch + 1}.get(meanwhile, 1)
    office.deps.users.change(user, office.clock(), {meanwhile: changed})
    with pytest.raises(Conflict):
        acts._change(office.deps, BOSS, user, "enabled", office.clock(), {"name": "somebody"})


@pytest.fixture
def alone(ministack: str) -> Office:
    """A service that has no administrator yet."""
    return opened(ministack)


def test_the_last_administrator_stays(alone: Office) -> None:
    """Neither loses the role, nor is disabled, nor deletes themselves; with a second one all of it works."""
    first = alone.someone("admin")
    caller = authenticate(alone.deps, first["token"])
    for remove in (
        lambda: acts.revoke_role(alone.deps, BOSS, first["user_id"], "admin"),
        lambda: acts.disable(alone.deps, BOSS, first["user_id"]),
        lambda: delete_me.delete_me(alone.deps, caller, None, SOMEWHERE),
    ):
        with pytest.raises(LastAdmin):
            remove()
    second = alone.someone("admin")
    acts.disable(alone.deps, BOSS, second["user_id"])
    with pytest.raises(LastAdmin):  # one who is disabled administers nothing
        acts.revoke_role(alone.deps, BOSS, first["user_id"], "admin")
    acts.enable(alone.deps, BOSS, second["user_id"])
    delete_me.delete_me(alone.deps, caller, None, SOMEWHERE)
    alone.deps.later.finish()
    assert alone.deps.users.find(first["user_id"]) is None
    with pytest.raises(LastAdmin):
        acts.disable(alone.deps, BOSS, second["user_id"])
    with pytest.raises(NotFound):
        acts.revoke_role(alone.deps, BOSS, first["user_id"], "admin")


def test_whoever_is_disabled_is_not_counted(alone: Office) -> None:
    """The role comes and goes with somebody who is disabled, and the last who is not stays all the while."""
    first, disabled = alone.someone("admin"), alone.someone()
    acts.disable(alone.deps, BOSS, disabled["user_id"])
    acts.grant_role(alone.deps, BOSS, disabled["user_id"], "admin")
    with pytest.raises(LastAdmin):
        acts.revoke_role(alone.deps, BOSS, first["user_id"], "admin")
    acts.revoke_role(alone.deps, BOSS, disabled["user_id"], "admin")
    assert alone.user(disabled).roles == frozenset()
    with pytest.raises(LastAdmin):
        acts.disable(alone.deps, BOSS, first["user_id"])


def test_whoever_leaves_while_they_get_the_role_does_not_leave(alone: Office) -> None:
    """They would stay on the list of administrators, and the last one there is could be removed."""
    first, leaving = alone.someone("admin"), alone.someone()
    as_read = alone.user(leaving)
    acts.grant_role(alone.deps, BOSS, leaving["user_id"], "admin")
    with pytest.raises(Conflict):
        leave(alone.deps, as_read)
    delete_me.delete_me(alone.deps, authenticate(alone.deps, leaving["token"]), None, SOMEWHERE)
    alone.deps.later.finish()
    with pytest.raises(LastAdmin):
        acts.revoke_role(alone.deps, BOSS, first["user_id"], "admin")


def test_an_administrator_of_before_the_list_comes_onto_it(alone: Office) -> None:
    """Until then they cannot be removed; the role is given again, which changes nothing else of them."""
    first, second = alone.someone("admin"), alone.someone()
    user = alone.user(second)
    alone.deps.users.change(user, alone.clock(), {"roles": frozenset({"admin"})})
    with pytest.raises(Conflict):
        acts.revoke_role(alone.deps, BOSS, second["user_id"], "admin")
    acts.grant_role(alone.deps, BOSS, second["user_id"], "admin")
    (granted,) = [each for each in alone.events(second["user_id"]) if each["action"] == "role_granted"]
    assert granted["details"]["before"] == granted["details"]["after"]
    acts.revoke_role(alone.deps, BOSS, first["user_id"], "admin")
    with pytest.raises(LastAdmin):
        acts.revoke_role(alone.deps, BOSS, second["user_id"], "admin")


def test_two_who_remove_each_other_leave_one(alone: Office) -> None:
    """Of two administrators who take each other's role at one moment, one stays."""
    pair = [alone.someone("admin"), alone.someone("admin")]
    for _ in range(5):
        line = Barrier(2)

        def remove(me: Me, line: Barrier = line) -> None:
            line.wait()
            with suppress(Conflict):  # the last one, or somebody who was changed meanwhile
                acts.revoke_role(alone.deps, BOSS, me["user_id"], "admin")

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(remove, pair))
        left = ["admin" in alone.user(me).roles for me in pair]
        assert True in left
        for me in pair:
            acts.grant_role(alone.deps, BOSS, me["user_id"], "admin")
