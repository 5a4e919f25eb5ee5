"""The five access patterns of the seed, asked of the tables by boto3 as the seed writes them."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from panzoto.cli.tables import create_all
from panzoto.deps import build
from panzoto.flows.approvals import approve
from tests.support.numbers import new_phone

from .conftest import Service, ask, boto, linked, new_email, signs_in, verify

AGENT = "MobileDashboard/1.0"


@pytest.fixture
def tokens(service: Service) -> Any:
    """The table `mobile-auth-tokens`, under the name that the configuration gives it."""
    return _resource(service).Table(service.deps.config.auth_tokens_table)


def _resource(service: Service) -> Any:
    config = service.deps.config
    return boto3.resource(
        "dynamodb",
        endpoint_url=config.aws_endpoint,
        region_name=config.aws_region,
        aws_access_key_id=config.aws_access_key_id,
        aws_secret_access_key=config.aws_secret_access_key,
    )


def test_pattern_1_a_magic_link_by_its_id(service: Service, tokens: Any) -> None:
    """GetItem by `tokenId` finds the link, with every attribute of the seed and no secret."""
    email = new_email()
    body = {"email": email, "device_id": "dev_xyz789", "dashboard_id": "db_123"}
    service.http.post("/api/v1/auth/magic-link", json=body, headers={"User-Agent": AGENT})
    token = service.link(email, "m")
    token_id, secret = token.split(".")
    item = tokens.get_item(Key={"tokenId": token_id})["Item"]
    assert item["tokenType"] == "magic_link"
    assert (item["email"], item["deviceId"]) == (email, "dev_xyz789")
    assert item["expiresAt"] - item["createdAt"] == service.deps.config.magic_link_expiry.total_seconds()
    assert (item["used"], item["usedAt"], item["sessionJWT"]) == (False, None, None)
    assert item["metadata"] == {
        "sourceFlow": "email",
        "dashboardId": "db_123",
        "ipAddress": "127.0.0.1",
        "userAgent": AGENT,
    }
    assert "phoneNumber" not in item
    assert secret not in str(item)
    assert signs_in(service, token, device_id="dev_xyz789")["user_id"] == item["userId"]
    after = tokens.get_item(Key={"tokenId": token_id})["Item"]
    assert (after["used"], after["usedAt"]) == (True, int(service.clock().timestamp()))


def test_pattern_1_by_sms(service: Service, tokens: Any) -> None:
    """The link of an SMS has the phone too, and says so."""
    email, phone = new_email(), new_phone()
    token = linked(service, email, flow="sms", phone_number=phone)
    item = tokens.get_item(Key={"tokenId": token.split(".")[0]})["Item"]
    assert (item["email"], item["phoneNumber"], item["deviceId"]) == (email, phone, None)
    assert item["metadata"]["sourceFlow"] == "sms"


def test_pattern_2_the_approval_of_an_email(service: Service) -> None:
    """GetItem by `email` finds who approved it, when, until when and why."""
    email = new_email()
    metadata = {"company": "Example Corp", "reason": "Q4 2024 Demo", "notes": "Approved for sales demo"}
    approve(service.deps, email, "admin@example.org", metadata=metadata)
    table = _resource(service).Table(service.deps.config.approved_emails_table)
    assert (
        table.get_item(Key={"email": email})["Item"].items()
        >= {
            "email": email,
            "approvedBy": "admin@example.org",
            "approvedAt": int(service.clock().timestamp()),
            "metadata": metadata,
        }.items()
    )
    assert table.get_item(Key={"email": email})["Item"].get("expiresAt") is None
    assert "Item" not in table.get_item(Key={"email": new_email()})


def test_pattern_3_the_active_sessions_of_a_user(service: Service, tokens: Any) -> None:
    """Query `userId-tokenType-index` finds the sessions, with every attribute of the seed, and no link among them."""
    email = new_email()
    first = signs_in(service, linked(service, email, dashboard_id="workbook_abc123"), device_id="dev_iphone_abc")
    signs_in(service, linked(service, email))
    linked(service, email)
    asked = {
        "IndexName": "userId-tokenType-index",
        "KeyConditionExpression": "userId = :user AND tokenType = :type",
        "ExpressionAttributeValues": {":user": first["user_id"], ":type": "session"},
    }
    found = tokens.query(**asked)["Items"]
    assert len(found) == 2
    (session,) = [each for each in found if each["deviceId"] == "dev_iphone_abc"]
    assert session["tokenId"].startswith("ses_")
    assert (session["tokenType"], session["email"], session["userId"]) == ("session", email, first["user_id"])
    assert (session["used"], session["usedAt"], session["sessionJWT"]) == (True, session["createdAt"], None)
    lives = session["expiresAt"] - session["createdAt"]
    assert lives == service.deps.config.jwt_refresh_expiry.total_seconds()
    assert (
        session["metadata"].items()
        >= {
            "sourceFlow": "email",
            "dashboardId": "workbook_abc123",
            "lastUsedAt": session["createdAt"],
            "ipAddress": "127.0.0.1",
        }.items()
    )
    assert session["metadata"]["userAgent"]
    assert service.post("/logout-all", token=first["token"]).status_code == 200
    assert tokens.query(**asked)["Items"] == []


def test_pattern_4_the_recent_activity_of_an_email(service: Service, tokens: Any) -> None:
    """Query `email-index` finds links and sessions, the newest first, those too that were refused."""
    email, made = new_email(), []
    for _ in range(3):
        made.append(ask(service, email))
        service.clock.pass_by(minutes=1)
    body = signs_in(service, service.link(email, "m"))
    service.clock.pass_by(minutes=1)
    user = service.deps.users.find(body["user_id"])
    assert user is not None
    service.deps.users.change(user, service.clock(), {"disabled_at": 1})
    made += [service.deps.refresh_tokens.read(body["refresh_token"]).sid, ask(service, email)]
    found = tokens.query(
        IndexName="email-index",
        KeyConditionExpression="email = :email",
        ExpressionAttributeValues={":email": email},
        ScanIndexForward=False,
    )["Items"]
    assert [each["tokenId"] for each in found] == made[::-1]
    assert [each["tokenType"] for each in found] == ["magic_link", "session", *["magic_link"] * 3]
    refusal = found[0]
    assert (refusal["used"], refusal["usedAt"]) == (True, None)
    assert refusal["userId"] != body["user_id"]


def test_pattern_5_cleanup_of_what_has_expired(service: Service) -> None:
    """`flask tables create` turns TTL on for `expiresAt`, which every item has as seconds; what is late has expired."""
    assert create_all(build(service.deps.config).clients, service.deps.config, print) == []
    name = service.deps.config.auth_tokens_table
    told = boto(service).describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert (told["TimeToLiveStatus"], told["AttributeName"]) == ("ENABLED", "expiresAt")
    email = new_email()
    signs_in(service, linked(service, email))
    token = linked(service, email)
    for item in boto(service).scan(TableName=name)["Items"]:
        assert item["expiresAt"]["N"].isdigit()
    service.clock.pass_by(hours=1)
    assert boto(service).get_item(TableName=name, Key={"tokenId": {"S": token.split(".")[0]}})["Item"]
    assert verify(service, token).status_code == 400
