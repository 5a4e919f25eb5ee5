"""The seed's own commands, against a real gunicorn and the table by the seed's name."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import boto3
import orjson
import pytest

from panzoto.deps import build
from panzoto.local.outbox import Outbox
from tests.support import server as gunicorn
from tests.support.configs import configured
from tests.support.furnishing import furnish
from tests.support.needs import needs
from tests.support.server import Server

PHONE, TABLE = "+1234567890", "QComTable"
KEY = '{"PK":{"S":"OTP#+1234567890"},"SK":{"S":"METADATA"}}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def server(ministack: str, account: str) -> Iterator[Server]:
    """A gunicorn of two processes, with the seed's variables."""
    deps = build(configured(account, ministack, auth_state_table=TABLE))
    furnish(deps.config)
    seeds = {
        "DYNAMODB_ENDPOINT": ministack,
        "DYNAMODB_REGION": "us-east-1",
        "DYNAMODB_TABLE_NAME": TABLE,
        "JWT_SECRET_KEY": "a JWT secret of these tests alone, long enough",
        "JWT_ACCESS_EXPIRY": "15m",
        "JWT_REFRESH_EXPIRY": "168h",
        "OTP_LENGTH": "6",
        "OTP_EXPIRY": "10m",
        "OTP_MAX_ATTEMPTS": "5",
        "OTP_TEST_MODE": "1",
    }
    with gunicorn.serving(gunicorn.environment(ministack, account, **seeds)) as serving:
        yield serving


def post(server: Server, path: str, **body: str) -> tuple[int, dict[str, object]]:
    """A POST as curl sends it."""
    answer = server.ask("POST", f"/api/v1/auth/{path}", orjson.dumps(body), JSON)
    return answer.status, orjson.loads(answer.body)


def checked(item: dict[str, dict[str, str]]) -> None:
    """The item as the seed's table of attributes has it: its TTL, in seconds, is the end of the code."""
    assert {"PK", "SK", "OTPHash", "Phone", "Attempts", "CreatedAt", "ExpiresAt", "TTL"} <= set(item)
    assert (item["Phone"], item["Attempts"]) == ({"S": PHONE}, {"N": "0"})
    assert int(item["TTL"]["N"]) == int(item["ExpiresAt"]["N"]) == int(item["CreatedAt"]["N"]) + 600
    assert not item["OTPHash"]["S"].isdigit()


def test_a_code_as_the_seed_asks_for_it(server: Server, ministack: str, account: str) -> None:
    """`initiate-otp` makes the item with its TTL; the code, from the SMS as from the test item, signs in, once."""
    assert post(server, "initiate-otp", phone_number=PHONE)[0] == 200
    client = boto3.client(
        "dynamodb",
        endpoint_url=ministack,
        region_name="us-east-1",
        aws_access_key_id=account,
        aws_secret_access_key="test",
    )
    checked(client.get_item(TableName=TABLE, Key=orjson.loads(KEY))["Item"])  # type: ignore[arg-type]
    shown = client.get_item(TableName=TABLE, Key={"PK": {"S": f"OTP_TEST#{PHONE}"}, "SK": {"S": "METADATA"}})["Item"]
    code = shown["OTP"]["S"]
    assert set(shown) == {"PK", "SK", "OTP", "ExpiresAt", "TTL"}
    assert any(code in each["text"] for each in Outbox(ministack).messages() if each["to"] == PHONE)
    status, body = post(server, "verify-otp", phone_number=PHONE, otp=code)
    assert (status, body["token_type"]) == (200, "Bearer")
    assert post(server, "verify-otp", phone_number=PHONE, otp=code)[0] == 401
    user = client.get_item(TableName=TABLE, Key={"PK": {"S": f"USER#{PHONE}"}, "SK": {"S": "METADATA"}})["Item"]
    assert {"phone_number", "name", "created_at", "updated_at"} <= set(user)
    assert user["user_id"]["S"] == body["user_id"]
    found = client.scan(
        TableName=TABLE,
        FilterExpression="attribute_exists(#ttl)",
        ExpressionAttributeNames={"#ttl": "TTL"},
    )["Items"]
    assert {each["PK"]["S"].split("#")[0] for each in found} >= {"OTP", "OTP_TEST", "REFRESH_TOKEN"}


def run(*command: str, account: str) -> bytes:
    """What a program of the seed prints."""
    environ = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    with_path = {**gunicorn.environment("", account), **environ}
    with_path.pop("AWS_ENDPOINT_URL")
    return subprocess.run(command, env=with_path, capture_output=True, check=True, timeout=60).stdout


def test_the_seeds_own_programs(server: Server, ministack: str, account: str) -> None:
    """`curl … initiate-otp`, then `aws dynamodb get-item …` as the seed writes them, show the item with its TTL."""
    curl, aws = needs("curl"), needs("aws")
    address = f"http://localhost:{server.port}/api/v1/auth/initiate-otp"
    body = '{"phone_number": "+1234567890"}'
    said = run(curl, "-sS", "-X", "POST", address, "-H", "Content-Type: application/json", "-d", body, account=account)
    assert orjson.loads(said)["status"] == "code_sent"
    get_item = (aws, "dynamodb", "get-item", "--table-name", TABLE, "--key", KEY, "--endpoint-url", ministack)
    checked(orjson.loads(run(*get_item, account=account))["Item"])
