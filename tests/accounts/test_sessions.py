"""Sessions: stay signed in, look at them, end them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from panzoto.models.store.expressions import Key
from panzoto.models.times import seconds

from .conftest import PASSWORD, Service


def refresh(service: Service, token: str, **more: str) -> tuple[int, dict[str, str]]:
    """The answer to a refresh."""
    response = service.post("/refresh", {"refresh_token": token, **more})
    return response.status_code, response.get_json()


def test_a_refresh_gives_new_tokens(service: Service) -> None:
    """The new access token works, and the new refresh token is another."""
    me = service.register()
    status, answer = refresh(service, me["refresh_token"])
    assert status == 200
    assert answer["refresh_token"] != me["refresh_token"]
    assert answer["user_id"] == me["user_id"]
    assert service.get("/me", token=answer["token"]).status_code == 200


def test_a_lost_answer_is_asked_for_again(service: Service) -> None:
    """Within the grace the parent gets the same child; the child then goes on."""
    me = service.register()
    _, first = refresh(service, me["refresh_token"])
    service.clock.pass_by(seconds=59)
    status, again = refresh(service, me["refresh_token"])
    assert (status, again["refresh_token"]) == (200, first["refresh_token"])
    assert refresh(service, first["refresh_token"])[0] == 200


def test_after_the_grace_an_old_token_ends_the_session(service: Service) -> None:
    """A replaced token that comes back is a copy in somebody's hands: all of the family ends, the newest too."""
    me = service.register()
    _, first = refresh(service, me["refresh_token"])
    service.clock.pass_by(seconds=60)
    status, answer = refresh(service, me["refresh_token"])
    assert (status, answer["code"]) == (401, "session_ended")
    assert refresh(service, first["refresh_token"])[0] == 401
    assert service.get("/me", token=first["token"]).status_code == 401
    events = [each["action"] for each in service.deps.audit.of(me["user_id"]).items]
    assert "refresh_reused" in events


def test_after_the_child_was_used_the_parent_ends_the_session(service: Service) -> None:
    """Using the child closes the parent's window at once."""
    me = service.register()
    _, first = refresh(service, me["refresh_token"])
    _, second = refresh(service, first["refresh_token"])
    assert refresh(service, me["refresh_token"])[0] == 401
    assert refresh(service, second["refresh_token"])[0] == 401


def test_other_sessions_go_on_when_one_is_stolen(service: Service) -> None:
    """Reuse ends its own family and no other."""
    me = service.register()
    other = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
    _, first = refresh(service, me["refresh_token"])
    refresh(service, first["refresh_token"])
    refresh(service, me["refresh_token"])
    assert refresh(service, other["refresh_token"])[0] == 200
    assert service.get("/me", token=other["token"]).status_code == 200


def test_a_session_ends_in_the_end(service_for: Callable[..., Service]) -> None:
    """However often it is refreshed, a session has an absolute end."""
    service = service_for()
    token = service.register()["refresh_token"]
    for _ in range(6):
        service.clock.pass_by(days=1)
        status, answer = refresh(service, token)
        assert status == 200
        token = answer["refresh_token"]
    service.clock.pass_by(days=1)
    assert refresh(service, token)[1]["code"] == "session_ended"


def test_a_session_that_rests_too_long_ends(service_for: Callable[..., Service]) -> None:
    """Without a refresh a session ends when it has rested for as long as is configured."""
    service = service_for(session_idle_expiry=timedelta(hours=2))
    token = service.register()["refresh_token"]
    service.clock.pass_by(hours=1, minutes=59)
    _, answer = refresh(service, token)
    service.clock.pass_by(hours=2)
    assert refresh(service, answer["refresh_token"])[1]["code"] == "session_ended"


def test_a_session_is_bound_to_its_device(service: Service) -> None:
    """Another device's refresh is refused, and does not harm the device that the session is bound to."""
    me = service.register(device_id="my-phone")
    for other in ({}, {"device_id": "another-phone"}):
        status, answer = refresh(service, me["refresh_token"], **other)
        assert (status, answer["code"]) == (401, "device_mismatch")
    assert refresh(service, me["refresh_token"], device_id="my-phone")[0] == 200


@pytest.mark.parametrize(
    "token", ["x", "rt1.ses_x.0.abc", "rt1.ses_AAAAAAAAAAAAAAAAAAAAAA.0." + "A" * 32, "a" * 512, "ž"]
)
def test_an_invented_refresh_token_costs_no_read(service: Service, token: str) -> None:
    """What we did not mint is refused before DynamoDB is asked."""
    status, answer = refresh(service, token)
    assert (status, answer["code"]) == (401, "token_invalid")


def test_an_access_token_is_no_refresh_token(service: Service) -> None:
    """A token of one purpose works in no other."""
    me = service.register()
    assert refresh(service, me["token"])[0] in {400, 401}
    assert service.get("/me", token=me["refresh_token"]).status_code == 401


def test_an_access_token_expires(service: Service) -> None:
    """After its quarter of an hour a token is refused, and says that it has expired, so that the app refreshes."""
    me = service.register()
    service.clock.pass_by(minutes=15)
    assert service.get("/me", token=me["token"]).get_json()["code"] == "token_expired"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "bearer x", "Bearer \x00"])
def test_without_a_token_of_ours_nobody_passes(service: Service, header: str) -> None:
    """A missing, empty or invented token is 401, and says what to do."""
    response = service.http.get("/api/v1/auth/me", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_name_of_the_scheme_has_no_case(service: Service, scheme: str) -> None:
    """RFC 9110 (11.1): a client may write the scheme as it likes, with more than one space after it."""
    me = service.register()
    response = service.http.get("/api/v1/auth/me", headers={"Authorization": f"{scheme} {me['token']}"})
    assert response.status_code == 200


def test_signing_out_ends_the_access_token_too(service: Service) -> None:
    """After logout neither token works, and a mark is there for services that verify tokens by themselves."""
    me = service.register()
    claims = service.deps.access_tokens.read(me["token"], service.clock.now)
    assert service.post("/logout", token=me["token"]).status_code == 200
    assert service.get("/me", token=me["token"]).get_json()["code"] == "session_ended"
    assert refresh(service, me["refresh_token"])[1]["code"] == "session_ended"
    mark = service.deps.revoked_tokens.find(claims.jti)
    assert mark is not None
    assert mark["TTL"] == seconds(claims.expires_at)


def test_signing_out_everywhere_ends_all(service: Service) -> None:
    """Every session ends, this one and those of other devices."""
    me = service.register()
    other = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
    assert service.post("/logout-all", token=me["token"]).status_code == 200
    for each in (me, other):
        assert service.get("/me", token=each["token"]).status_code == 401
        assert refresh(service, each["refresh_token"])[0] == 401
    assert service.post("/login", {"email": me["email"], "password": PASSWORD}).status_code == 200


def test_sessions_are_listed(service: Service) -> None:
    """The list has the living sessions, tells this one, and shows no token."""
    me = service.register(device_id="phone-1")
    other = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
    service.post("/logout", token=other["token"])
    third = service.post("/login", {"email": me["email"], "password": PASSWORD, "device_id": "phone-3"}).get_json()
    sessions = service.get("/sessions", token=third["token"]).get_json()["sessions"]
    assert sorted(each["current"] for each in sessions) == [False, True]
    assert len({each["device"] for each in sessions}) == 2
    assert "phone-" not in str(sessions)  # it is half of what refreshes a session
    assert all(each["address"] == "127.0.0.1" for each in sessions)
    assert "rt1." not in str(sessions)


def test_one_session_is_ended_from_another(service: Service) -> None:
    """A person ends a session of theirs from another device, and that device is out at once."""
    me = service.register()
    lost = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
    session_id = service.deps.access_tokens.read(lost["token"], service.clock.now).sid
    address = f"/api/v1/auth/sessions/{session_id}"
    bearer = {"Authorization": f"Bearer {me['token']}"}
    assert service.http.delete(address, headers=bearer).status_code == 200
    assert service.get("/me", token=lost["token"]).status_code == 401
    assert refresh(service, lost["refresh_token"])[0] == 401
    assert service.get("/me", token=me["token"]).status_code == 200


def test_somebody_elses_session_is_not_there(service: Service) -> None:
    """Another person's session, or an invented one, is 404 and goes on."""
    me, other = service.register(), service.register()
    theirs = service.deps.access_tokens.read(other["token"], service.clock.now).sid
    bearer = {"Authorization": f"Bearer {me['token']}"}
    for session_id in (theirs, "ses_invented", "%00", "x" * 500):
        assert service.http.delete(f"/api/v1/auth/sessions/{session_id}", headers=bearer).status_code in {400, 404}
    assert service.get("/me", token=other["token"]).status_code == 200


def test_ending_a_session_asks_for_a_recent_sign_in(service: Service) -> None:
    """A phone that was signed in hours ago and left on a table ends nobody's sessions."""
    me = service.register()
    session_id = service.deps.access_tokens.read(me["token"], service.clock.now).sid
    service.clock.pass_by(minutes=6)
    bearer = {"Authorization": f"Bearer {me['token']}"}
    response = service.http.delete(f"/api/v1/auth/sessions/{session_id}", headers=bearer)
    assert (response.status_code, response.get_json()["code"]) == (403, "recent_sign_in_needed")


def test_the_session_item_is_the_seeds(service: Service) -> None:
    """A session's item has the seed's attributes, is found by both indexes, and holds no JWT."""
    me = service.register(device_id="dev_iphone_abc")
    (item,) = service.deps.sessions.items_of(me["user_id"])
    assert item["tokenId"].startswith("ses_")
    assert {"tokenType", "email", "userId", "deviceId", "createdAt", "expiresAt", "used", "usedAt"} <= set(item)
    assert (item["tokenType"], item["used"], item["sessionJWT"]) == ("session", True, None)
    assert {"sourceFlow", "lastUsedAt", "ipAddress", "userAgent"} <= set(item["metadata"])
    recent = service.deps.sessions.query(Key("email").eq(me["email"]), index="email-index", newest_first=True).items
    assert item["tokenId"] in [each["tokenId"] for each in recent]


def test_the_lineage_item_is_the_seeds(service: Service) -> None:
    """A refresh token's item has the seed's attributes; the token itself is nowhere in it."""
    me = service.register()
    session_id = service.deps.access_tokens.read(me["token"], service.clock.now).sid
    item = service.deps.lineages.get({"PK": f"REFRESH_TOKEN#{session_id}", "SK": "METADATA"})
    assert item is not None
    assert {"JTI", "UserID", "Phone", "FamilyID", "Revoked", "CreatedAt", "ExpiresAt", "TTL"} <= set(item)
    assert me["refresh_token"] not in str(item)


@pytest.mark.parametrize("path", ["/me", "/sessions"])
def test_a_cache_notices_an_ended_session_when_it_is_too_old(service_for: Callable[..., Service], path: str) -> None:
    """REVOCATION_CACHE_SECONDS trades reads for seconds in which an ended session still works, beside reads too."""
    service = service_for(revocation_cache_seconds=30)
    me = service.register()
    assert service.get(path, token=me["token"]).status_code == 200
    service.post("/logout-all", token=me["token"])
    service.clock.pass_by(seconds=29)
    assert service.get(path, token=me["token"]).status_code == 200
    service.clock.pass_by(seconds=1)
    assert service.get(path, token=me["token"]).status_code == 401


def test_ended_sessions_are_forgotten_when_their_tokens_are_gone(service: Service) -> None:
    """The set of ended sessions does not grow for ever."""
    me = service.register()
    for _ in range(3):
        other = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
        service.post("/logout", token=other["token"])
        service.clock.pass_by(minutes=16)
    user = service.deps.users.find(me["user_id"])
    assert user is not None
    assert len(user.ended) == 1
