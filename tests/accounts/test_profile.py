"""What people change of themselves, take along, and delete."""

from __future__ import annotations

from collections.abc import Callable

from limits import changed as limits_of
from panzoto.deps import build
from panzoto.models.store.expressions import Change
from tests.support import tables

from .conftest import API, PASSWORD, Service, new_email


def patch(service: Service, token: str, **body: str) -> tuple[int, dict[str, object]]:
    """The answer to a change."""
    response = service.http.patch(f"{API}/me", json=body, headers={"Authorization": f"Bearer {token}"})
    return response.status_code, response.get_json()


def delete(service: Service, token: str, **body: str) -> int:
    """The answer to a deletion, when all of it is done."""
    response = service.http.delete(f"{API}/me", json=body, headers={"Authorization": f"Bearer {token}"})
    service.deps.later.finish()
    return response.status_code


def test_the_name_changes_at_once(service: Service) -> None:
    """A name is set, changed and taken away."""
    me = service.register()
    for name, shown in (("Ann", "Ann"), ("Žofie 🐎", "Žofie 🐎"), ("", None)):
        status, answer = patch(service, me["token"], name=name)
        assert (status, answer["user"]["name"]) == (200, shown)  # type: ignore[index]


def test_an_account_was_made_at_the_time_that_older_software_wrote(service: Service) -> None:
    """With a zone or without one, which is UTC: the moment is the same."""
    me = service.register()
    for written in ("2024-05-06T07:08:09.123456", "2024-05-06T09:08:09.123456+02:00"):
        service.deps.users.update({"user_id": me["user_id"]}, Change(set={"created_at_iso": written}))
        shown = service.get("/me", token=me["token"]).get_json()["user"]["created_at"]
        assert shown == "2024-05-06T07:08:09.123456+00:00"


def test_an_email_is_verified_by_its_link(service: Service) -> None:
    """The link of the first mail verifies the email, once."""
    me = service.register()
    token = service.link(me["email"], "verify")
    assert service.post("/email/verify", {"token": token}).status_code == 200
    assert service.get("/me", token=me["token"]).get_json()["user"]["email_verified"] is True
    assert service.post("/email/verify", {"token": token}).get_json()["code"] == "link_invalid"


def test_another_link_can_be_asked_for(service_for: Callable[..., Service]) -> None:
    """A mail that was lost is sent again, but not without limit; a verified email needs none."""
    service = service_for(rate_limits=limits_of("email.account=1/1h"))
    me = service.register()
    first = service.link(me["email"], "verify")
    assert service.post("/email/ask", token=me["token"]).status_code == 202
    second = service.link(me["email"], "verify")
    assert first != second
    assert service.post("/email/ask", token=me["token"]).status_code == 429
    service.post("/email/verify", {"token": second})
    assert service.post("/email/ask", token=me["token"]).status_code == 202


def test_many_accounts_do_not_fill_a_mailbox(service_for: Callable[..., Service]) -> None:
    """Each account may have a few mails sent to an email that it wants, and all of them together not many to one."""
    service, stranger = service_for(rate_limits=limits_of("email.mailbox=3/1h")), new_email()
    found = []
    for _ in range(3):
        me = service.register()
        asked = {"email": stranger, "current_password": PASSWORD}
        found += [patch(service, me["token"], **asked)[0] for _ in range(2)]
        assert patch(service, me["token"], email=new_email(), current_password=PASSWORD)[0] == 200
    assert found == [200] * 3 + [429] * 3
    assert len(service.mails(stranger)) == 3
    service.clock.pass_by(hours=1)
    again = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
    assert patch(service, again["token"], **asked)[0] == 200


def test_one_network_keeps_nobody_from_their_mailbox(service_for: Callable[..., Service]) -> None:
    """What the accounts of one network have sent to an email ends before its limit; its owner, elsewhere, goes on."""
    service, mine = service_for(rate_limits=limits_of("email.mailbox=4/1h,email.network=3/1h")), new_email()
    asked, found = {"email": mine, "current_password": PASSWORD}, []
    for _ in range(3):
        stranger = service.register()
        found += [patch(service, stranger["token"], **asked)[0] for _ in range(2)]
    assert found == [200] * 3 + [429] * 3
    service.http.environ_base["REMOTE_ADDR"] = "198.51.100.9"
    assert patch(service, service.register()["token"], **asked)[0] == 200


def test_changes_of_the_email_are_limited(service_for: Callable[..., Service]) -> None:
    """Nobody has one mail after the other sent to strangers: past the limit no other email waits."""
    service = service_for(rate_limits=limits_of("email.account=1/1h"))
    me, emails = service.register(), [new_email(), new_email()]
    answers = [patch(service, me["token"], email=each, current_password=PASSWORD)[0] for each in emails]
    assert answers == [200, 429]
    assert service.mails(emails[1]) == []


def test_a_new_email_waits_for_its_link(service: Service) -> None:
    """Until the link to the new address is followed the old one signs in; then the new one, and the old is free."""
    me, new = service.register(), new_email()
    status, answer = patch(service, me["token"], email=new.upper(), current_password=PASSWORD)
    assert (status, answer["pending_email"]) == (200, new)
    assert service.get("/me", token=me["token"]).get_json()["user"]["email"] == me["email"]
    assert service.post("/email/verify", {"token": service.link(new, "verify")}).status_code == 200
    seen = service.get("/me", token=me["token"]).get_json()["user"]
    assert (seen["email"], seen["email_verified"]) == (new, True)
    assert service.post("/login", {"email": new, "password": PASSWORD}).status_code == 200
    assert service.post("/login", {"email": me["email"], "password": PASSWORD}).status_code == 401
    assert service.mails(me["email"])[0]["subject"] != service.mails(new)[0]["subject"]
    service.register(me["email"])


def test_a_new_email_goes_on_waiting_when_the_old_one_is_verified(service: Service) -> None:
    """Whoever follows the link of the registration late does not lose the change that was asked for meanwhile."""
    me, new = service.register(), new_email()
    late = service.link(me["email"], "verify")
    patch(service, me["token"], email=new, current_password=PASSWORD)
    assert service.post("/email/verify", {"token": late}).status_code == 200
    assert service.post("/email/verify", {"token": service.link(new, "verify")}).status_code == 200
    assert service.get("/me", token=me["token"]).get_json()["user"]["email"] == new


def test_a_taken_email_is_refused(service: Service) -> None:
    """Somebody else's email cannot be asked for, and not be had by a link that was asked for before it was taken."""
    me, other, wanted = service.register(), service.register(), new_email()
    assert patch(service, me["token"], email=other["email"], current_password=PASSWORD)[1]["code"] == "email_taken"
    patch(service, me["token"], email=wanted, current_password=PASSWORD)
    link = service.link(wanted, "verify")
    service.register(wanted)
    assert service.post("/email/verify", {"token": link}).get_json()["code"] == "email_taken"
    assert service.get("/me", token=me["token"]).get_json()["user"]["email"] == me["email"]


def test_a_new_email_asks_for_the_password(service: Service) -> None:
    """A wrong password is refused, and so is none when the sign-in is not recent."""
    me = service.register()
    refused = patch(service, me["token"], email=new_email(), current_password="not it, surely")
    assert (refused[0], refused[1]["code"]) == (401, "wrong_password")
    service.clock.pass_by(minutes=6)
    assert patch(service, me["token"], email=new_email())[1]["code"] == "recent_sign_in_needed"


def test_a_change_of_password_kills_a_waiting_email(service: Service) -> None:
    """A thief who asked for another email does not get it after the owner changed the password."""
    me, thiefs = service.register(), new_email()
    patch(service, me["token"], email=thiefs, current_password=PASSWORD)
    link = service.link(thiefs, "verify")
    body = {"current_password": PASSWORD, "new_password": "a brand new one 42"}
    service.post("/password/change", body, token=me["token"])
    assert service.post("/email/verify", {"token": link}).get_json()["code"] == "link_invalid"


def test_an_export_has_everything_and_no_secret(service: Service) -> None:
    """Everything about the caller is in it; nothing that would open something is."""
    me = service.register(name="Ann", device_id="phone-1")
    service.post("/password/forgot", {"email": me["email"]})
    service.deps.later.finish()
    service.deps.audio_files.put({"file_id": "f1", "user_id": me["user_id"], "uploaded_at": 1, "s3_key": "k"})
    tables.write(
        service.deps.oauth_tokens, {"userId": me["user_id"], "provider": "google", "encryptedTokens": {"x": "canary"}}
    )
    tables.write(service.deps.oauth_logs, {"userId": me["user_id"], "timestamp": "t", "flowId": "f", "step": "started"})
    export = service.get("/export", token=me["token"]).get_json()
    assert export["user"]["email"] == me["email"]
    assert [each["file_id"] for each in export["audio_files"]] == ["f1"]
    assert [each["provider"] for each in export["connections"]] == ["google"]
    assert [each["step"] for each in export["oauth_steps"]] == ["started"]
    assert {"registered", "sign_in", "reset_asked"} <= {each["action"] for each in export["events"]}
    assert len(export["sessions"]) == 1
    for secret in ("canary", "argon2", "encryptedTokens", "secretDigest", "wrapped", me["refresh_token"]):
        assert secret not in str(export)


def test_a_deletion_leaves_nothing(service: Service) -> None:
    """After a deletion no table and no object has anything of the person but the record that it happened."""
    me, other = service.register(), service.register()
    service.deps.audio_files.put({"file_id": "f1", "user_id": me["user_id"], "uploaded_at": 1, "s3_key": "k"})
    tables.write(service.deps.oauth_tokens, {"userId": me["user_id"], "provider": "google"})
    tables.write(service.deps.oauth_logs, {"userId": me["user_id"], "timestamp": "t", "flowId": "f"})
    bucket, s3 = service.deps.config.s3_bucket, service.deps.clients.s3()
    for user_id in (me["user_id"], other["user_id"]):
        s3.put_object(Bucket=bucket, Key=f"users/{user_id}/f1.3gp", Body=b"x")
    assert delete(service, me["token"], current_password=PASSWORD) == 202
    assert service.get("/me", token=me["token"]).status_code == 401
    assert service.post("/refresh", {"refresh_token": me["refresh_token"]}).status_code == 401
    assert service.post("/login", {"email": me["email"], "password": PASSWORD}).status_code == 401
    assert service.deps.users.find(me["user_id"]) is None
    assert service.deps.emails.find(me["email"]) is None
    for rest in (service.deps.audio_files, service.deps.oauth_tokens, service.deps.oauth_logs):
        assert list(rest.of(me["user_id"])) == []
    assert service.deps.sessions.items_of(me["user_id"]) == []
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    assert keys == [f"users/{other['user_id']}/f1.3gp"]
    operator = build(service.deps.config, operator=True)
    left = [*operator.users.scan(), *operator.emails.scan(), *operator.sessions.scan()]
    theirs = [item for item in left if me["user_id"] in str(item) or me["email"] in str(item)]
    assert {item["PK"].split("#")[0] for item in theirs} == {"RATE"}  # which ends with its window
    assert "deleted" in [each["action"] for each in service.deps.audit.of(me["user_id"]).items]
    service.register(me["email"])


def test_a_deletion_asks_for_the_password(service: Service) -> None:
    """A wrong password deletes nothing, and no password only right after a sign-in."""
    me = service.register()
    assert delete(service, me["token"], current_password="not it, surely") == 401
    service.clock.pass_by(minutes=6)
    assert delete(service, me["token"]) == 403
    assert service.get("/me", token=me["token"]).status_code == 200


def test_only_the_email_that_was_asked_for_last_is_taken(service: Service) -> None:
    """A link to a mistyped email does nothing once another was asked for, and nothing after that one was confirmed."""
    me, mistyped, right = service.register(), new_email(), new_email()
    for each in (mistyped, right):
        patch(service, me["token"], email=each, current_password=PASSWORD)
    older = service.link(mistyped, "verify")
    assert service.post("/email/verify", {"token": older}).get_json()["code"] == "link_invalid"
    assert service.post("/email/verify", {"token": service.link(right, "verify")}).status_code == 200
    assert service.post("/email/verify", {"token": older}).get_json()["code"] == "link_invalid"
    assert service.get("/me", token=me["token"]).get_json()["user"]["email"] == right


def test_a_quiet_service_does_not_tell_whose_an_email_is(service_for: Callable[..., Service]) -> None:
    """With PREVENT_ENUMERATION a change to somebody's email is answered like any other, and its link refused."""
    service = service_for(prevent_enumeration=True)
    people = [new_email(), new_email()]
    tokens = []
    for email in people:
        service.post("/register", {"email": email, "password": PASSWORD})
        service.post("/email/verify", {"token": service.link(email, "verify")})
        tokens.append(service.post("/login", {"email": email, "password": PASSWORD}).get_json()["token"])
    assert patch(service, tokens[0], email=people[1], current_password=PASSWORD)[0] == 200
    assert service.post("/email/verify", {"token": service.link(people[1], "verify")}).status_code == 409
