"""What judges the suite by the policies: it sees every call, whose it is, what permits it, and what nothing used."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config import Config
from panzoto.aws.clients import Clients
from panzoto.cli.render.iam import BY_HAND, service_policy
from panzoto.flows import sweep_audio
from panzoto.web import observe
from tests.support.configs import configured
from tests.support.grants.actions import THROUGH_S3, Need, Needs
from tests.support.grants.judging import Call, older_recordings, outside, policies, unused
from tests.support.grants.plugin import is_whole
from tests.support.grants.policies import Policy
from tests.support.grants.recording import OPERATOR, SERVICE, TEST, Recorder, caller

TABLE = f"arn:aws:dynamodb:{BY_HAND.region}:{BY_HAND.account}:table"
VAULT = (("kms:EncryptionContextKeys", ("provider", "userId")), ("kms:EncryptionContext:userId", ("-",)))
PERMITTED = [
    Need("dynamodb:GetItem", f"{TABLE}/panzoto-users"),
    Need("dynamodb:Query", f"{TABLE}/panzoto-audio-files/index/user-files-index"),
    Need("s3:PutObject", f"{BY_HAND.bucket_arn}/users/-"),
    Need("kms:Decrypt", BY_HAND.vault_key, VAULT),
    Need("kms:Decrypt", BY_HAND.audio_key, THROUGH_S3),
    Need("sns:Publish", "phone"),
    Need("secretsmanager:GetSecretValue", BY_HAND.secret.replace("??????", "AbCdEf")),
    Need("transcribe:StartTranscriptionJob", "*", (("transcribe:OutputBucketName", (BY_HAND.bucket,)),)),
]
DENIED = [
    Need("dynamodb:Scan", f"{TABLE}/panzoto-users"),
    Need("dynamodb:GetItem", f"{TABLE}/somebody-else-s"),
    Need("dynamodb:Query", f"{TABLE}/panzoto-users/index/email-index"),
    Need("dynamodb:UpdateItem", f"{TABLE}/panzoto-audit-events"),
    Need("s3:PutObject", f"{BY_HAND.bucket_arn}/elsewhere/-"),
    Need("s3:DeleteBucket", BY_HAND.bucket_arn),
    Need("kms:Decrypt", BY_HAND.vault_key),
    Need("kms:Decrypt", BY_HAND.vault_key, (("kms:EncryptionContextKeys", ("provider",)),)),
    Need("kms:Decrypt", BY_HAND.vault_key, (("kms:EncryptionContextKeys", ("purpose", "userId")), VAULT[1])),
    Need("kms:GenerateDataKey", BY_HAND.audio_key),
    Need("sns:Publish", "arn:aws:sns:us-east-1:1:a-topic"),
    Need("secretsmanager:GetSecretValue", BY_HAND.secret.replace("google-oauth-??????", "other-AbCdEf")),
    Need("transcribe:StartTranscriptionJob", "*", (("transcribe:OutputBucketName", ("another",)),)),
]


@pytest.mark.parametrize("need", PERMITTED, ids=str)
def test_what_the_policy_permits(need: Need) -> None:
    """The rendered policy is read as AWS reads it: names, patterns, conditions."""
    assert Policy(service_policy()).used_by(need)


@pytest.mark.parametrize("need", DENIED, ids=str)
def test_a_call_outside_of_the_policy_is_named(need: Need) -> None:
    """With who made it and in which test; the same call of a test by itself is nobody's matter."""
    (said,) = outside([Call(SERVICE, need, "tests/a.py::test_b")] * 2, policies())
    assert said.startswith(f"outside of the policy: {need.action} on {need.resource}")
    assert said.endswith("by the service, in tests/a.py::test_b")
    assert outside([Call(TEST, need, "")], policies()) == []


def test_a_grant_that_nothing_used_is_named() -> None:
    """A grant is one action on one resource of a statement; a call of somebody else does not use it."""
    statement = {"Sid": "S", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["a/*", "b/*"]}
    permitted = {SERVICE: Policy(json.dumps({"Statement": [statement]}))}
    made = [("s3:GetObject", "a/-"), ("s3:GetObject", "b/-"), ("s3:PutObject", "a/-")]
    calls = [Call(SERVICE, Need(*each), "") for each in made]
    others = [Call(OPERATOR, Need("s3:PutObject", "b/-"), "")]
    assert unused([*calls, *others], permitted) == ["granted and not used: s3:PutObject on b/* (S), to the service"]
    assert unused([*calls, Call(SERVICE, Need("s3:PutObject", "b/-"), "")], permitted) == []


def test_a_condition_that_is_not_known_is_a_fault() -> None:
    """Nothing is judged by half."""
    statement = {
        "Sid": "S",
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": "*",
        "Condition": {"New": {"a": "b"}},
    }
    with pytest.raises(KeyError):
        Policy(json.dumps({"Statement": [statement]})).used_by(Need("s3:GetObject", "x"))


CALLS: dict[str, tuple[str, str, dict[str, Any], list[tuple[str, str]]]] = {
    "a transaction": (
        "dynamodb",
        "TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "people"}}, {"ConditionCheck": {"TableName": "panzoto-auth-state"}}]},
        [("PutItem", f"{TABLE}/panzoto-users"), ("ConditionCheckItem", f"{TABLE}/panzoto-auth-state")],
    ),
    "a batch": (
        "dynamodb",
        "BatchWriteItem",
        {"RequestItems": {"people": [], "unknown": []}},
        [("BatchWriteItem", f"{TABLE}/panzoto-users"), ("BatchWriteItem", f"{TABLE}/unknown")],
    ),
    "versions": (
        "s3",
        "DeleteObjects",
        {"Bucket": "ours", "Delete": {"Objects": [{"Key": "users/a/b", "VersionId": "1"}]}},
        [(each, f"{BY_HAND.bucket_arn}/users/-") for each in ("DeleteObject", "DeleteObjectVersion")],
    ),
    "a part": (
        "s3",
        "UploadPart",
        {"Bucket": "ours", "Key": "decrypted/a", "SSEKMSKeyId": "another"},
        [("PutObject", f"{BY_HAND.bucket_arn}/decrypted/-"), ("GenerateDataKey", "another"), ("Decrypt", "another")],
    ),
}


@pytest.mark.parametrize(("service", "operation", "params", "wanted"), CALLS.values(), ids=list(CALLS))
def test_what_a_call_needs(service: str, operation: str, params: dict[str, Any], wanted: list[tuple[str, str]]) -> None:
    """Each member, each table, each object for itself, in the names of the policies."""
    needs = Needs(configured("1" * 12, None, users_table="people", s3_bucket="ours"))
    found = [(each.action.partition(":")[2], each.resource) for each in needs.of(service, operation, params)]
    assert found == wanted


def called_from(module: Any, act: Callable[[], Any]) -> Any:
    """What an act returns that a function of this module calls."""
    scope = {"__name__": module.__name__, "act": act}
    exec("def called(): return act()", scope)
    return scope["called"]()


def test_whose_a_call_is() -> None:
    """The frames tell: a command's is the operator's though a flow of the service makes it, a test's is the test's."""
    assert caller() == TEST
    assert called_from(observe, caller) == SERVICE
    assert called_from(sweep_audio, lambda: called_from(observe, caller)) == OPERATOR


def test_every_kind_of_call_is_written_once(tmp_path: Path, config_for: Callable[..., Config]) -> None:
    """Calls and signed addresses, as soon as they are made, with the test that made them first."""
    config = config_for()
    clients, recorder = Clients(config), Recorder(tmp_path)
    clients._session.events.register("provide-client-params", recorder.hook(Needs(config)))
    for number in range(2):
        clients.s3().generate_presigned_url("put_object", Params={"Bucket": config.s3_bucket, "Key": f"users/{number}"})
    (file,) = tmp_path.iterdir()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert file.name == f"{os.getpid()}.jsonl"
    assert [line[:2] for line in lines] == [[TEST, "s3:PutObject"], [TEST, "kms:GenerateDataKey"]]
    assert lines[0][-1].endswith("test_every_kind_of_call_is_written_once")


def test_older_recordings_are_judged_by_terraform_s_own_words() -> None:
    """What the root module grants for folders of an older deployment, and no more."""
    policy = Policy(older_recordings())
    assert policy.used_by(Need("s3:GetObject", f"{BY_HAND.bucket_arn}/audio/-"))
    assert not policy.used_by(Need("s3:PutObject", f"{BY_HAND.bucket_arn}/audio/-"))


@pytest.mark.parametrize("narrowed", ["", "keyword", "markexpr", "deselect", "ignore", "collectonly"])
def test_a_part_of_the_suite_is_no_judge_of_grants(narrowed: str) -> None:
    """Only who asked for everything hears what was not used; calls outside are judged always."""
    named = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "collectonly")
    option = SimpleNamespace(**dict.fromkeys(named, ""), whole_policy=False)
    asked: Any = SimpleNamespace(option=option, args_source=pytest.Config.ArgsSource.TESTPATHS)
    if narrowed:
        setattr(option, narrowed, "something")
    assert is_whole(asked) == (not narrowed)
    asked.args_source = pytest.Config.ArgsSource.ARGS
    assert not is_whole(asked)
    option.whole_policy = True
    assert is_whole(asked)
