"""The whole application, and what people do with links."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

import limits
from panzoto import create_app
from panzoto.deps import Deps
from panzoto.errors import MessageNotSent
from panzoto.messages.message import Message
from panzoto.messages.post import Post
from panzoto.models.spec import TABLES
from panzoto.models.user import User
from tests.accounts.conftest import PASSWORD, Clock, Service, new_email, service_for
from tests.support.tables import name_of

__all__ = ["PASSWORD", "Clock", "Service", "new_email", "service_for"]

UNLIMITED = limits.changed(",".join(f"{limit.name}=1000000/1h" for limit in limits.DEFAULTS.each))
# On a busy machine the emulator takes its time, and what it answers is what is asked here.
PATIENT: dict[str, Any] = {"rate_limits": UNLIMITED, "dynamodb_deadline": timedelta(seconds=60)}
CODE = re.compile(r"\b[0-9]{8}\b")


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """The service as it is configured by default, without limits."""
    return service_for(**PATIENT)


def ask(service: Service, email: str, **more: Any) -> str:
    """Ask for a link; the id by which its code can be used."""
    service.clock.pass_by(seconds=1)  # the outbox tells two SMS apart by the time at which they were sent
    answer = service.post("/magic-link", {"email": email, **more})
    assert answer.status_code == 202, answer.get_json()
    request_id: str = answer.get_json()["request_id"]
    return request_id


def linked(service: Service, email: str, **more: Any) -> str:
    """Ask for a link, and read it where it was sent; its token."""
    ask(service, email, **more)
    return service.link(more.get("phone_number", email), "m")


def code_of(service: Service, to: str) -> str:
    """The code in the newest mail to somebody."""
    (code,) = set(CODE.findall(service.mails(to)[0]["text"]))
    return str(code)


def verify(service: Service, token: str, **more: Any) -> TestResponse:
    """Sign in by a link, as the app does."""
    return service.post("/magic-link/verify", {"token": token, **more})


def signs_in(service: Service, token: str, **more: Any) -> dict[str, Any]:
    """Sign in by a link that works; what a sign-in gives."""
    answer = verify(service, token, **more)
    assert answer.status_code == 200, answer.get_json()
    body: dict[str, Any] = answer.get_json()
    assert works(service, body["token"])
    return body


def refused(answer: TestResponse) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return answer.status_code, answer.get_json()["code"]


def works(service: Service, token: str) -> bool:
    """Whether an access token works."""
    status = service.get("/me", token=token).status_code
    assert status in {200, 401}
    return status == 200


def user_of(service: Service, user_id: str) -> User:
    """Somebody, as they are now."""
    user = service.deps.users.find(user_id)
    assert user is not None
    return user


def change(service: Service, user_id: str, **changes: Any) -> None:
    """Change somebody by hand."""
    service.deps.users.change(user_of(service, user_id), service.clock(), changes)


def is_good(service: Service, token: str) -> bool:
    """Whether a link would sign somebody in, as its item says; nothing is asked of the service."""
    item = service.deps.one_use_tokens.get({"tokenId": token.split(".", maxsplit=1)[0]})
    return item is not None and not item["used"] and item["expiresAt"] > service.clock().timestamp()


def boto(service: Service, name: str = "dynamodb") -> Any:
    """A client of AWS that is not ours."""
    config = service.deps.config
    return boto3.client(
        name,  # type: ignore[call-overload]
        endpoint_url=config.aws_endpoint,
        region_name=config.aws_region,
        aws_access_key_id=config.aws_access_key_id,
        aws_secret_access_key=config.aws_secret_access_key,
    )


def everything(service: Service) -> dict[str, list[dict[str, Any]]]:
    """All that all tables hold, as DynamoDB shows it."""
    client, found = boto(service), {}
    for spec in TABLES:
        name = name_of(service.deps.config, spec)
        pages = client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        found[spec.label] = sorted((item for page in pages for item in page["Items"]), key=str)
    return found


def kinds(service: Service) -> Counter[str]:
    """How many items of each kind there are, rates aside."""
    items = everything(service)
    names = [each["PK"]["S"].split("#")[0] for each in items["auth_state"]]
    names += [each["tokenType"]["S"] for each in items["auth_tokens"]]
    return Counter([name for name in names if name != "RATE"] + ["user"] * len(items["users"]))


@contextmanager
def request_line() -> Iterator[dict[str, Any]]:
    """What the log line of the one request within the block says, once it is over."""
    line: dict[str, Any] = {}
    with capture_logs() as logs:
        yield line
    (found,) = [each for each in logs if each["event"] == "request"]
    line.update(found)


class Down:
    """A sender whose provider is down; how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def send(self, message: Message, now: datetime) -> None:
        """Take nothing."""
        self.asked += 1
        raise MessageNotSent("down")


def on(service: Service, **parts: Any) -> Service:
    """The same service on other parts."""
    deps: Deps = replace(service.deps, **parts)
    return replace(service, deps=deps, http=create_app(deps.config, deps).test_client())


def mute(service: Service) -> tuple[Service, Down]:
    """The same service, whose senders of mail and SMS are down."""
    down = Down()
    return on(service, post=Post(mail=down, sms=down)), down


def browser(service: Service) -> FlaskClient:
    """A browser of its own, which keeps cookies."""
    return create_app(service.deps.config, service.deps).test_client()


def expires(service: Service) -> timedelta:
    """How long a link works."""
    return service.deps.config.magic_link_expiry
