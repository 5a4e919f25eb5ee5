"""Files that derive from the declarations: what they say, and that a change of either is found."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from config import Config
from panzoto.cli.inspection import name_of
from panzoto.cli.render import rendered
from panzoto.cli.render.configuration import RUN, SECTIONS, TESTS
from panzoto.local.settings import Settings
from panzoto.models.spec import TABLES, TableSpec
from panzoto.web.errors import HTTP, TABLE
from tests.house.source import files, tree

from .conftest import Command, commander

SERVICE, OPERATOR = "infra/rendered/iam-service-policy.json", "infra/rendered/iam-operator-policy.json"
VARIABLES = "infra/terraform/tables.auto.tfvars.json"
LIMIT = 6144  # characters of a managed policy, blanks not counted
BUCKET = "arn:aws:s3:::panzoto-audio-dev"
# What has no resource of its own, and jobs whose names we choose.
NO_RESOURCE = {"*": {"transcribe:StartTranscriptionJob"}}
JOBS = "arn:aws:transcribe:YOUR_REGION:YOUR_ACCOUNT_ID:transcription-job/panzoto-*"
SMS = "arn:aws:sns:*:*:*"
FOLDERS = [f"{BUCKET}/users", f"{BUCKET}/decrypted"]
ARN = "arn:aws:dynamodb:YOUR_REGION:YOUR_ACCOUNT_ID:table"
# Where the page says what is refused, and the code that refuses it.
REFUSING = {
    "What production refuses": (Config._production_faults, Config._weak_secrets),
    "What is refused everywhere": (Config._faults, Config._time_faults, Config._oauth_faults, Config._mail_faults),
}


@pytest.fixture
def render() -> Command:
    """Gives `make render` where there is no DynamoDB at all."""
    command = commander(Config(environment="development", secret_key="s", jwt_secret_key="s"))
    return lambda *words: command("render", *words)


def statements(path: str) -> list[dict[str, Any]]:
    """The statements of a policy."""
    policy = json.loads(rendered()[path])
    assert policy["Version"] == "2012-10-17"
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def permitted(path: str, resource: str) -> set[str]:
    """What a policy permits on exactly this resource."""
    found = set()
    for each in statements(path):
        named = each.get("Resource", [])
        found |= set(each["Action"]) if resource in (named if isinstance(named, list) else [named]) else set()
    return {action.removeprefix("dynamodb:") for action in found}


# ── the command ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_writes_what_is_missing_and_then_nothing(render: Command, tmp_path: Path) -> None:
    """Files that are as they should be are not touched, and not mentioned."""
    first = render("--into", str(tmp_path))
    assert first.stdout.splitlines() == [f"{path} is written." for path in rendered()]
    assert all((tmp_path / path).read_text(encoding="utf-8") == text for path, text in rendered().items())
    assert render("--into", str(tmp_path)).output == ""


def test_check_is_silent_on_what_render_wrote(render: Command, tmp_path: Path) -> None:
    """Without drift there is no output and no failure."""
    render("--into", str(tmp_path))
    checked = render("--check", "--into", str(tmp_path))
    assert (checked.exit_code, checked.output) == (0, "")


@pytest.mark.parametrize("path", sorted(rendered()))
def test_check_names_a_file_that_has_drifted(render: Command, tmp_path: Path, path: str) -> None:
    """A file that was changed by hand, or is gone, is named; nothing is written, and the exit code is 1."""
    render("--into", str(tmp_path))
    (tmp_path / path).write_text("changed by hand\n", encoding="utf-8")
    changed = render("--check", "--into", str(tmp_path))
    wanted = f"{path} has drifted; `make render` writes it.\n"
    assert (changed.exit_code, changed.output) == (1, wanted)
    assert (tmp_path / path).read_text(encoding="utf-8") == "changed by hand\n"
    (tmp_path / path).unlink()
    assert render("--check", "--into", str(tmp_path)).output == wanted


def test_line_ends_of_another_system_are_no_drift(render: Command, tmp_path: Path) -> None:
    """A checkout that git gave other line ends says the same."""
    for path, text in rendered().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.replace("\n", "\r\n").encode())
    assert render("--check", "--into", str(tmp_path)).exit_code == 0


def test_does_not_depend_on_the_environment(config_for: Callable[..., Config], tmp_path: Path) -> None:
    """Names are those of the declarations, whatever the one who renders has set."""
    commander(config_for(users_table="people", aws_region="eu-west-1"))("render", "--into", str(tmp_path))
    assert all((tmp_path / path).read_text(encoding="utf-8") == text for path, text in rendered().items())


# ── policies ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("spec", TABLES, ids=[spec.label for spec in TABLES])
def test_the_service_may_do_what_is_declared_and_no_more(spec: TableSpec) -> None:
    """On each table the declared operations; a query on its indexes, and on itself where one key has many items."""
    table, query = f"{ARN}/{spec.default_name}", spec.operations & {"Query"}
    assert permitted(SERVICE, table) == (spec.operations if spec.range else spec.operations - query)
    for index in spec.indexes:
        assert permitted(SERVICE, f"{table}/index/{index.name}") == query


def test_the_service_has_no_wildcard_and_no_scan() -> None:
    """Nothing in its policy is wider than a name, or than a folder; it neither reads whole tables nor changes them."""
    text = rendered()[SERVICE]
    wide = [line.strip().partition('source": ')[2] or line.strip() for line in text.splitlines() if "*" in line]
    assert [each.strip('",') for each in wide] == [*(f"{each}/*" for each in FOLDERS), JOBS, "*", SMS]
    assert permitted(SERVICE, "*") == NO_RESOURCE["*"]
    assert not [each for each in statements(SERVICE) if SMS in str(each.get("Resource"))]
    for operation in ("Scan", "CreateTable", "DeleteTable", "UpdateTable", "DescribeTable"):
        assert operation not in text


@pytest.mark.parametrize("spec", TABLES, ids=[spec.label for spec in TABLES])
def test_operators_may_also_scan_and_administer(spec: TableSpec) -> None:
    """The commands need the service's operations, the scan, and what makes and describes tables; none deletes one."""
    administration = {
        *("CreateTable", "DescribeTable", "UpdateTable", "TagResource", "DescribeTimeToLive", "UpdateTimeToLive"),
        *("DescribeContinuousBackups", "UpdateContinuousBackups"),
    }
    allowed = permitted(OPERATOR, f"{ARN}/{spec.default_name}")
    declared = spec.operations | spec.operator_operations
    assert allowed == administration | (declared if spec.range else declared - {"Query"})
    assert "DeleteTable" not in allowed


def test_only_what_names_nothing_has_no_resource() -> None:
    """`*` is the resource of what names none: ListTables, and the start of a job, which is held to our bucket."""
    assert permitted(OPERATOR, "*") == {"ListTables"}
    assert permitted(SERVICE, "*") == NO_RESOURCE["*"]
    (starting,) = [each for each in statements(SERVICE) if each["Sid"] == "Transcribing"]
    assert starting["Condition"] == {"StringEquals": {"transcribe:OutputBucketName": BUCKET.rpartition(":")[2]}}
    for path in (SERVICE, OPERATOR):
        assert rendered()[path].count('"*"') == 1
        assert not [action for each in statements(path) for action in each["Action"] if "*" in action]


@pytest.mark.parametrize("path", [SERVICE, OPERATOR])
def test_keys_are_used_for_one_person_at_a_time(path: str) -> None:
    """Every use of a key names its person, and nothing that is not declared; or it comes from S3 itself."""
    keys = [each for each in statements(path) if each["Action"][0].startswith("kms:") and each["Sid"] != "VaultKey"]
    assert {each["Sid"] for each in keys} == {"RecordingsKey", "AudioKeys", "Vault"}
    for each in keys:
        if each["Sid"] == "RecordingsKey":
            assert each["Condition"] == {"StringEquals": {"kms:ViaService": "s3.YOUR_REGION.amazonaws.com"}}
        else:
            assert each["Condition"]["Null"] == {"kms:EncryptionContext:userId": "false"}
            assert "userId" in each["Condition"]["ForAllValues:StringEquals"]["kms:EncryptionContextKeys"]


@pytest.mark.parametrize("path", [SERVICE, OPERATOR])
def test_recordings_are_reached_in_their_folders_alone(path: str) -> None:
    """Objects are touched below two folders of one bucket, and the bucket is listed; nobody may change or empty it."""
    s3 = [each for each in statements(path) if any(action.startswith("s3:") for action in each["Action"])]
    assert {each["Sid"]: each["Resource"] for each in s3} == {
        "Recordings": f"{FOLDERS[0]}/*",
        "DecryptedCopies": f"{FOLDERS[1]}/*",
        "RecordingsBucket": BUCKET,
    }
    actions = {action for each in s3 for action in each["Action"]}
    assert {"s3:PutObject", "s3:GetObject", "s3:ListBucket", "s3:AbortMultipartUpload"} <= actions
    assert not [each for each in actions if each.startswith(("s3:PutBucket", "s3:DeleteBucket"))]


@pytest.mark.parametrize("path", [SERVICE, OPERATOR])
def test_a_policy_is_one_that_iam_takes(path: str) -> None:
    """Statement ids are alphanumeric and single, actions are of services that we call, the size is within the limit."""
    sids = [each["Sid"] for each in statements(path)]
    assert len(set(sids)) == len(sids)
    assert all(sid.isalnum() for sid in sids)
    assert all(each["Effect"] == "Allow" for each in statements(path))
    services = {action.partition(":")[0] for each in statements(path) for action in each["Action"]}
    assert services <= {"dynamodb", "s3", "kms", "ses", "sns", "secretsmanager", "transcribe"}
    assert len(json.dumps(json.loads(rendered()[path]), separators=(",", ":"))) < LIMIT


# ── Terraform ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_terraform_hears_what_is_declared() -> None:
    """Each table by its label, with its name, keys, indexes and settings."""
    tables = json.loads(rendered()[VARIABLES])["tables"]
    assert list(tables) == [spec.label for spec in TABLES]
    files = tables["audio_files"]
    assert (files["name"], files["hash_key"], files["range_key"]) == ("panzoto-audio-files", "file_id", None)
    assert {each["name"]: each["type"] for each in files["attributes"]}["uploaded_at"] == "N"
    assert files["indexes"][0] == {
        "name": "user-files-index",
        "hash_key": "user_id",
        "range_key": "uploaded_at",
        "projection": "ALL",
    }
    assert tables["auth_state"]["ttl_attribute"] == "TTL"
    assert tables["oauth_tokens"]["ttl_attribute"] is None
    assert all(each["point_in_time_recovery"] and each["deletion_protection"] for each in tables.values())


def test_terraform_defines_no_attribute_that_no_key_names() -> None:
    """DynamoDB refuses a definition that nothing uses, and a key without one."""
    for table in json.loads(rendered()[VARIABLES])["tables"].values():
        used = {table["hash_key"], table["range_key"]}
        used |= {index[key] for index in table["indexes"] for key in ("hash_key", "range_key")}
        assert {each["name"] for each in table["attributes"]} == used - {None}


# ── pages ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("spec", TABLES, ids=[spec.label for spec in TABLES])
def test_the_page_of_tables_says_everything(spec: TableSpec) -> None:
    """Purpose, variable, keys, indexes, TTL, items and operations of each table, and the command that shows it."""
    page = rendered()["docs/tables.md"]
    section = page.partition(f"\n## {spec.default_name}\n")[2].partition("\n## ")[0]
    words = [spec.purpose, f"`{spec.variable}`", *(f"`{key.name}` ({key.type})" for key in spec.attributes)]
    words += [*(f"`{index.name}`" for index in spec.indexes), *(index.purpose for index in spec.indexes)]
    words += [*(f"`{kind}`" for kind, _ in spec.items), *(f"`{each}`" for each in spec.operations)]
    words += [f"on `{spec.ttl}`" if spec.ttl else "TTL: none", f"describe-table --table-name {spec.default_name}"]
    assert not [word for word in words if word not in section]


def test_the_page_of_variables_has_a_line_for_each() -> None:
    """Every variable stands in a table, with what it says; secrets are marked."""
    lines = rendered()["docs/configuration.md"].splitlines()
    for each in fields(Config):
        given = each.metadata
        (line,) = [line for line in lines if line.startswith(f"| `{given['name']}` |") and given["says"] in line]
        assert ("**Secret.**" in line) == given["secret"]
        assert line.count(" | ") == 2


def test_the_page_of_variables_shows_defaults() -> None:
    """A default is shown as one would write it."""
    page = rendered()["docs/configuration.md"]
    for name, default in (
        ("JWT_REFRESH_EXPIRY", "`168h`"),
        ("OTP_TEST_MODE", "`0`"),
        ("DYNAMODB_REGION", "`AWS_REGION`"),
        ("WEB_CONCURRENCY", "one per core"),
        ("SECRET_KEY", "unset"),
        ("USERS_TABLE", "`panzoto-users`"),
    ):
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        assert line.endswith(f"| {default} |")


def test_the_page_of_errors_has_every_code() -> None:
    """Every code that a client can hear stands in a table with its status, those of HTTP itself too."""
    codes = [*TABLE.values(), *((status, code) for status, (code, _) in HTTP.items())]
    assert [each for each in codes if f"| {each[0]} | `{each[1]}` | " not in rendered()["docs/errors.md"]] == []


def test_the_sections_begin_at_variables_that_there_are() -> None:
    """A section begins at a variable; the first begins at the first, so that none is left out."""
    names = [each.metadata["name"] for each in fields(Config)]
    assert next(iter(SECTIONS)) == names[0]
    assert [names.index(first) for first in SECTIONS] == sorted(names.index(first) for first in SECTIONS)


def test_the_page_says_what_make_run_reads() -> None:
    """The variables of `make run` are declared with it; the page has their names and defaults."""
    declared = {each.metadata["name"]: each.default for each in fields(Settings)}
    assert {name: default.strip("`") for name, _, default in RUN} == {
        name: str(int(default) if isinstance(default, bool) else default) for name, default in declared.items()
    }


def test_the_page_says_what_production_refuses() -> None:
    """Every variable that production may refuse is named where people look for it, and so is what all refuse."""
    page = rendered()["docs/configuration.md"]
    for heading, refusing in REFUSING.items():
        section = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
        told = set(re.findall(r"[A-Z][A-Z0-9_]+", section))
        assert _variables(*refusing) <= told, heading


def _variables(*functions: Callable[..., Any]) -> set[str]:
    """The variables that are named in a piece of the configuration's code."""
    words = {word for each in functions for word in re.findall(r"[A-Z][A-Z0-9_]+", inspect.getsource(each))}
    return words & {each.metadata["name"] for each in fields(Config)}


def test_the_page_says_what_the_tests_read() -> None:
    """Every variable that a test or its support looks up is on the page, but those of any machine."""
    read = {
        str(node.value)
        for path in files("tests/*.py")
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call | ast.Subscript)
        and ast.unparse(call.func if isinstance(call, ast.Call) else call.value) in {"os.environ.get", "os.environ"}
        for node in ([*call.args[:1]] if isinstance(call, ast.Call) else [call.slice])
        if isinstance(node, ast.Constant)
    }
    assert read - {"PATH", "HOME", "NO_PROXY", "PYTEST_CURRENT_TEST"} == {name for name, _, _ in TESTS}


@pytest.mark.parametrize("spec", TABLES, ids=[spec.label for spec in TABLES])
def test_a_table_is_named_by_the_variable_that_its_declaration_says(spec: TableSpec) -> None:
    """The label leads to the setting, and the setting is read from the declared variable."""
    config = Config.from_env({"FLASK_ENV": "development", "SECRET_KEY": "s", spec.variable: "another-name"})
    assert name_of(config, spec) == "another-name"
