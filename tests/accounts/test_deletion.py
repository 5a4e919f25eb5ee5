"""Deletions that are interrupted, and objects in S3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from panzoto import create_app
from panzoto.aws.bucket import Bucket
from panzoto.aws.clients import Clients
from panzoto.errors import StorageUnavailable
from panzoto.models.store.expressions import Change
from panzoto.models.store.wire import decode_item
from tests.support import border
from tests.support.border import Send

from .conftest import API, PASSWORD, Service

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def sweep(service: Service) -> tuple[int, str]:
    """The operator's command."""
    result = create_app(service.deps.config).test_cli_runner().invoke(args=["users", "sweep"])
    return result.exit_code, result.output


def test_an_interrupted_deletion_is_finished_by_the_sweep(service: Service) -> None:
    """While S3 is away the account is out at once and the rest waits; the sweep finishes it, and then has nothing."""
    me = service.register()
    away = Bucket(replace_endpoint(service), service.deps.config.s3_bucket)
    deps = replace(service.deps, bucket=away)
    client = create_app(deps.config, deps).test_client()
    bearer = {"Authorization": f"Bearer {me['token']}"}
    answer = client.delete("/api/v1/auth/me", json={"current_password": PASSWORD}, headers=bearer)
    deps.later.finish()
    assert answer.status_code == 202
    assert service.get("/me", token=me["token"]).status_code == 401
    assert service.post("/login", {"email": me["email"], "password": PASSWORD}).status_code == 401
    assert service.deps.users.find(me["user_id"]) is not None
    assert sweep(service) == (0, f"{me['user_id']}: deleted.\n1 deletions finished.\n")
    assert service.deps.users.find(me["user_id"]) is None
    assert [each["action"] for each in service.deps.audit.all_of(me["user_id"])].count("deleted") == 1
    assert sweep(service)[1] == "0 deletions finished.\n"
    service.register(me["email"])


def test_a_deletion_that_is_on_no_record_is_put_on_it(service: Service) -> None:
    """Of older software, or by hand: or a later pass of the migration would bring the person back."""
    me = service.register()
    user = service.deps.users.find(me["user_id"])
    assert user is not None
    service.deps.users.change(user, service.clock(), {"deleting_at": 1})
    assert sweep(service)[0] == 0
    actions = [each["action"] for each in service.deps.audit.all_of(me["user_id"])]
    assert actions.count("deleted") == 1


def test_refresh_tokens_go_before_the_list_of_them(service: Service) -> None:
    """Where the store takes the one and not the other, the sweep still knows of them: none outlives its person."""
    me, deps = service.register(), service.deps
    session_id, busy = deps.refresh_tokens.read(me["refresh_token"]).sid, [True]

    def throttled(request: AWSPreparedRequest, send: Send) -> AWSResponse | None:
        """The table of lineages takes nothing; others take what they are given."""
        body: Any = request.body
        asked = orjson.loads(body).get("RequestItems", {})
        is_write = b"BatchWriteItem" in request.headers["X-Amz-Target"].encode()
        if not busy or not is_write or deps.lineages.name not in asked:
            return None
        for write in asked.get(deps.sessions.name, []):
            deps.sessions.delete(decode_item(write["DeleteRequest"]["Key"]))
        left = {deps.lineages.name: asked[deps.lineages.name]}
        return border.says(200, {"UnprocessedItems": left})(request, send)

    border.at(deps.gateway._client, then=throttled)
    answer = service.http.delete(f"{API}/me", json={}, headers={"Authorization": f"Bearer {me['token']}"})
    assert answer.status_code == 202
    deps.later.finish()
    busy.clear()
    assert sweep(service)[1].endswith("1 deletions finished.\n")
    assert deps.lineages.find(session_id) is None
    assert service.post("/refresh", {"refresh_token": me["refresh_token"]}).status_code == 401


def replace_endpoint(service: Service) -> S3Client:
    """A client of an S3 that is not there."""
    return Clients(replace(service.deps.config, aws_endpoint="http://127.0.0.1:9")).s3()


def test_the_sweep_says_when_the_store_is_away(service_for: Callable[..., Service]) -> None:
    """One sentence and exit code 1."""
    service = service_for()
    config = replace(service.deps.config, dynamodb_endpoint="http://127.0.0.1:9")
    result = create_app(config).test_cli_runner().invoke(args=["users", "sweep"])
    assert (result.exit_code, "cannot reach its storage" in result.output) == (1, True)


def test_a_prefix_is_emptied_whole(service: Service) -> None:
    """Thousands of objects, and every version of them, and nothing beside the prefix."""
    s3, name = service.deps.clients.s3(), service.deps.config.s3_bucket
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for number in range(12):
        s3.put_object(Bucket=name, Key=f"users/a/{number % 4}", Body=b"x")
    s3.delete_object(Bucket=name, Key="users/a/0")
    s3.put_object(Bucket=name, Key="users/ab/0", Body=b"x")
    assert service.deps.bucket.empty("users/a/") == 13
    assert service.deps.bucket.empty("users/a/") == 0
    left = s3.list_object_versions(Bucket=name).get("Versions", [])
    assert [each["Key"] for each in left] == ["users/ab/0"]


def test_a_bucket_that_is_away_is_said(service: Service) -> None:
    """S3 that does not answer is an error that a client may hear."""
    with pytest.raises(StorageUnavailable):
        Bucket(replace_endpoint(service), "b").empty("users/a/")


def test_one_unreadable_person_stops_no_other(service: Service) -> None:
    """The sweep names who could not be deleted, finishes the others, and ends with 1."""
    broken, whole = service.register(), service.register()
    for each in (broken, whole):
        service.deps.users.update({"user_id": each["user_id"]}, Change(set={"deleting_at": 1}))
    service.deps.users.update({"user_id": broken["user_id"]}, Change(remove=["created_at_iso"]))
    code, said = sweep(service)
    assert code == 1
    assert f"{broken['user_id']}: not deleted: KeyError" in said
    assert f"{whole['user_id']}: deleted." in said
