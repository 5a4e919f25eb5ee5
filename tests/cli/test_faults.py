"""What keeps a command from DynamoDB is one sentence that names the variable to look at, and exit code 1."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    PartialCredentialsError,
    SSLError,
)

from config import Config
from panzoto.aws.clients import Clients
from panzoto.cli.faults import Place, Refused, Unreachable, explained
from panzoto.cli.schema import Call
from panzoto.cli.tables import create_all
from tests.support.ministack import free_port

from .answers import Scripted, refusal
from .conftest import commander

CALL = Call("CreateTable", {"TableName": "panzoto-users"})
NO_ANSWER = "DynamoDB does not answer at us-east-9 (AWS_REGION): is it there, and does the network lead to it?"
VARIABLES = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
NO_CREDENTIALS = f"There are no AWS credentials: set {VARIABLES}, or run where a role gives them."
KEY = "the key in TABLES_KMS_KEY_ARN"
PERMITS = "infra/rendered/iam-operator-policy.json permits it, or AWS_ACCESS_KEY_ID is somebody else's."
POLICY = f"dynamodb:CreateTable; {PERMITS}"
AWS = Place(region="us-east-9", region_variable="AWS_REGION", endpoint=None, endpoint_variable="AWS_ENDPOINT_URL")


@pytest.fixture
def website() -> Iterator[str]:
    """Something that answers, and is no DynamoDB."""

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>It works!</html>")

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("words", [("create",), ("check",)])
@pytest.mark.parametrize(
    ("setting", "variable"), [("aws_endpoint", "AWS_ENDPOINT_URL"), ("dynamodb_endpoint", "DYNAMODB_ENDPOINT")]
)
def test_nobody_there(config_for: Callable[..., Config], words: tuple[str, ...], setting: str, variable: str) -> None:
    """An address at which nobody answers is told with its variable."""
    address = f"http://127.0.0.1:{free_port()}"
    ended = commander(config_for(**{setting: address}))(*words)
    assert (ended.exit_code, ended.stdout) == (1, "")
    wanted = f"Error: DynamoDB does not answer at {address} ({variable}): is it there, and does the network lead to it?"
    assert ended.stderr.splitlines() == [wanted]


def test_somebody_else_there(config_for: Callable[..., Config], website: str) -> None:
    """A web server that answers everything is not taken for an empty account."""
    ended = commander(config_for(dynamodb_endpoint=website))("check")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr == f"Error: What answers at {website} (DYNAMODB_ENDPOINT) is not DynamoDB.\n"


def test_no_credentials(config_for: Callable[..., Config], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither the environment nor a role gives credentials, the variables are named."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    ended = commander(config_for(aws_access_key_id=None, aws_secret_access_key=None))("check")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr == f"Error: {NO_CREDENTIALS}\n"


@pytest.mark.parametrize("code", ["UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException"])
def test_wrong_credentials(config: Config, code: str) -> None:
    """Credentials that AWS does not know end the command at the first table, with the variables to look at."""
    clients = Scripted(config, {"DescribeTable": lambda: refusal(code)})
    ended = commander(config, clients)("check")
    assert (ended.exit_code, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"Error: AWS does not know who is asking ({code}): look at AWS_ACCESS_KEY_ID")
    assert "AWS_REGION" in line
    assert clients.asked == ["DescribeTable"]


def test_create_all_raises_the_sentence(config_for: Callable[..., Config]) -> None:
    """Whoever makes tables without the command hears the same sentence."""
    config = config_for(aws_endpoint=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable, match=r"^DynamoDB does not answer at http://127\.0\.0\.1"):
        create_all(Clients(config), config, lambda _: None)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (EndpointConnectionError(endpoint_url="https://dynamodb.us-east-9.amazonaws.com"), NO_ANSWER),
        (SSLError(endpoint_url="https://localhost", error=OSError("wrong version")), NO_ANSWER),
        (PartialCredentialsError(provider="env", cred_var="aws_secret_access_key"), NO_CREDENTIALS),
        (CredentialRetrievalError(provider="role", error_msg="no answer"), NO_CREDENTIALS),
        (BotoCoreError(), "DynamoDB cannot be asked: An unspecified error occurred"),
    ],
)
def test_faults_on_the_way(fault: BotoCoreError, sentence: str) -> None:
    """Every fault before DynamoDB's answer is a sentence; a wrong region is an address that does not answer."""
    explanation = explained(fault, CALL, AWS)
    assert (type(explanation), str(explanation)) == (Unreachable, sentence)


@pytest.mark.parametrize(
    ("code", "message", "sentence"),
    [
        ("AccessDeniedException", "User: arn:… is not authorized", f"this identity may not call {POLICY}"),
        ("AccessDeniedException", "KMS key access denied", f"{KEY} cannot be used: KMS key access denied"),
        ("ValidationException", "KMS key is disabled.", f"{KEY} cannot be used: KMS key is disabled."),
        ("ValidationException", "", "DynamoDB refused CreateTable: ValidationException, without a reason"),
    ],
)
def test_refusals(code: str, message: str, sentence: str) -> None:
    """A refusal is told with DynamoDB's own reason, unless a variable says more."""
    fault = ClientError({"Error": {"Code": code, "Message": message}}, "CreateTable")
    explanation = explained(fault, CALL, AWS)
    assert (type(explanation), str(explanation)) == (Refused, f"panzoto-users: {sentence}")


def test_the_place_names_the_variable_that_decides(config_for: Callable[..., Config]) -> None:
    """What is set for DynamoDB alone stands above what is set for AWS."""
    assert str(Place.of(config_for(aws_endpoint=None))) == "us-east-1 (AWS_REGION)"
    assert str(Place.of(config_for(aws_endpoint=None, dynamodb_region="eu-west-1"))) == "eu-west-1 (DYNAMODB_REGION)"
    there = config_for(dynamodb_endpoint="https://db.example.com", dynamodb_region="eu-west-1")
    assert str(Place.of(there)) == "https://db.example.com (DYNAMODB_ENDPOINT)"
