"""`flask approvals import`: what is wrong with a row is named and skipped, and the rest lands."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from click import ClickException

from panzoto.cli.approvals_file import rows
from panzoto.deps import build
from panzoto.models.approved_emails import Approval, from_item
from tests.support import border

from .conftest import Service, approved, lives, login, member, new_email
from .test_commands import Command, command, commander, no_terminal

__all__ = ["command", "no_terminal"]

MANY = 90


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[bytes | str], str]:
    """Writes a file; its path."""

    def written(content: bytes | str) -> str:
        path = tmp_path / "customers.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return written


def kept(service: Service) -> list[Approval]:
    """Every approval, by email."""
    items = build(service.deps.config, operator=True).approved_emails.scan()
    return sorted(map(from_item, items), key=lambda each: each.email)


def emails(service: Service) -> list[str]:
    """Every approved email, sorted."""
    return [each.email for each in kept(service)]


def test_a_whole_row_lands_whole(service: Service, command: Command, csv: Callable[..., str]) -> None:
    """Every column is kept; where a row does not say who approved, it is whoever imports."""
    ended = command(
        "import",
        csv(
            "email,expires_at,company,reason,notes,approved_by\n"
            'Ann@Example.com,2099-01-31,"Acme, Inc.","a ""demo""","two\nlines",sales@inside.example\n'
            "bob@example.com,,,,,\n"
        ),
        "--by",
        "the importer",
    )
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, "2 approved, 0 skipped.\n", "")
    ann, bob = kept(service)
    assert (ann.email, ann.approved_by) == ("ann@example.com", "sales@inside.example")
    assert ann.expires_at is not None
    assert ann.expires_at.isoformat() == "2099-01-31T00:00:00+00:00"
    assert ann.metadata == {"company": "Acme, Inc.", "reason": 'a "demo"', "notes": "two\nlines"}
    assert (bob.email, bob.approved_by, bob.expires_at, bob.metadata) == ("bob@example.com", "the importer", None, {})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("email\nann@example.com\nbob@example.com\n", id="plain"),
        pytest.param("email\nann@example.com\nbob@example.com", id="no last line break"),
        pytest.param("\ufeffemail\r\nann@example.com\r\nbob@example.com\r\n", id="as Excel writes it"),
        pytest.param("\n\nemail\n\nann@example.com\n\n\nbob@example.com\n\n", id="empty lines"),
        pytest.param('"email"\n"ann@example.com"\n" bob@example.com "\n', id="quoted"),
        pytest.param(" Email , COMPANY\nann@example.com,\nbob@example.com\n", id="columns with capitals and spaces"),
        pytest.param("company,email\nAcme,ann@example.com\nAcme, BOB@example.com\n", id="another order"),
        pytest.param("email\nann@example.com\nbob@example.com\nAnn@Example.com\n", id="a row twice"),
    ],
)
def test_files_as_programs_write_them(
    service: Service, command: Command, csv: Callable[..., str], content: str
) -> None:
    """They mean what they say."""
    ended = command("import", csv(content))
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert emails(service) == ["ann@example.com", "bob@example.com"]


def test_of_a_row_twice_the_last_counts(service: Service, command: Command, csv: Callable[..., str]) -> None:
    """As if both had been typed."""
    content = "email,company\nann@example.com,Acme\nann@example.com,Other\n"
    assert command("import", csv(content)).stdout == "2 approved, 0 skipped.\n"
    assert [each.metadata for each in kept(service)] == [{"company": "Other"}]


def test_a_bad_row_is_named_and_the_rest_lands(service: Service, command: Command, csv: Callable[..., str]) -> None:
    """Every fault that a row can have, each with its line; exit code 1."""
    content = (
        b"email,expires_at,notes\n"
        b"ann@example.com,,\n"
        b"nobody,,\n"
        b"bad@example.com,tomorrow,\n"
        b"bad@example.com,2020-01-31,\n"
        b"bad@example.com,0001-01-01T00:00:00+14:00,\n"
        b"bad@example.com,,a,b\n"
        b",2099-01-31,no email\n"
        b"   \n"
        b",,\n"
        b"bad@example.com,,caf\xe9\n"
        b'bad@example.com,,"a"b\n'
        b"bad@example.com,," + b"x" * 1001 + b"\n"
        b'bob@example.com,,"two\nlines"\n'
        b'bad@example.com,,"two\nlines",more\n'
        b"cid@example.com\n"
    )
    ended = command("import", csv(content))
    assert (ended.exit_code, ended.stdout) == (1, "3 approved, 12 skipped.\n")
    assert ended.stderr.splitlines() == [
        "line 3: skipped: email is not an email address",
        "line 4: skipped: the end must be a day or a time such as 2027-01-31 or 2027-01-31T12:00:00Z",
        "line 5: skipped: The approval of bad@example.com would end before it begins.",
        "line 6: skipped: the end must be a day or a time such as 2027-01-31 or 2027-01-31T12:00:00Z",
        "line 7: skipped: it has more fields than there are columns",
        "line 8: skipped: it has no email",
        "line 9: skipped: it has no email",
        "line 10: skipped: it has no email",
        "line 11: skipped: it is not UTF-8",
        "line 12: skipped: it is not CSV: ',' expected after '\"'",
        "line 13: skipped: What notes says must be at most 1000 characters long.",
        "lines 16 to 17: skipped: it has more fields than there are columns",
    ]
    assert emails(service) == ["ann@example.com", "bob@example.com", "cid@example.com"]


def test_a_row_may_be_shorter_than_the_columns(service: Service, command: Command, csv: Callable[..., str]) -> None:
    """What it leaves out is empty; an email must not be."""
    ended = command("import", csv("company,email,notes\nAcme,ann@example.com\nAcme\n"))
    assert (ended.exit_code, ended.stdout) == (1, "1 approved, 1 skipped.\n")
    assert ended.stderr == "line 3: skipped: it has no email\n"
    assert emails(service) == ["ann@example.com"]


def test_an_open_quote_is_named_with_all_that_it_takes(
    service: Service, command: Command, csv: Callable[..., str]
) -> None:
    """Up to the end of the file, or to where a field is longer than any; what follows is read again."""
    ended = command("import", csv('email,notes\nann@example.com,\nbob@example.com,"open\ncid@example.com,\n'))
    assert (ended.exit_code, ended.stdout) == (1, "1 approved, 1 skipped.\n")
    assert ended.stderr == "lines 3 to 4: skipped: it is not CSV: unexpected end of data\n"
    long = "x" * 100_000
    content = f'email,notes\nann@example.com,"{long}\n{long}\nbob@example.com,\n'
    ended = command("import", csv(content))
    assert (ended.exit_code, ended.stdout) == (1, "1 approved, 1 skipped.\n")
    assert ended.stderr == "lines 2 to 3: skipped: it is not CSV: field larger than field limit (131072)\n"
    assert emails(service) == ["ann@example.com", "bob@example.com"]


BEGIN = "customers.csv must begin with a line of columns in UTF-8, of which one is email."
COLUMNS = "customers.csv must have no columns but email, expires_at, company, reason, notes, approved_by."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", BEGIN, id="empty"),
        pytest.param(b"\n\n\r\n", BEGIN, id="empty lines alone"),
        pytest.param(b"\xef\xbb\xbf", BEGIN, id="a mark alone"),
        pytest.param(b"ann@example.com\nbob@example.com\n", BEGIN, id="no columns"),
        pytest.param(b"e-mail,company\nann@example.com,Acme\n", BEGIN, id="no column email"),
        pytest.param(b"email;company\nann@example.com;Acme\n", BEGIN, id="semicolons"),
        pytest.param("email,company\nann@example.com,Acme\n".encode("utf-16"), BEGIN, id="UTF-16"),
        pytest.param(b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00b\xee", BEGIN, id="a workbook"),
        pytest.param(b"email,expires\nann@example.com,2099-01-31\n", COLUMNS, id="a mistyped column"),
        pytest.param(b"email,caf\xe9\nann@example.com,x\n", COLUMNS, id="a column that is no text"),
        pytest.param(
            b"email,Email\nann@example.com,bob@example.com\n", "customers.csv names a column twice.", id="twice"
        ),
        pytest.param(
            b'"email"x\nann@example.com\n',
            "customers.csv is not a CSV file: ',' expected after '\"'.",
            id="no CSV from the beginning",
        ),
    ],
)
def test_a_file_that_is_none_is_refused_whole(
    service: Service, command: Command, csv: Callable[..., str], content: bytes, sentence: str
) -> None:
    """In one sentence, and nothing of it lands: a mistyped expires_at would let people in for ever."""
    ended = command("import", csv(content))
    assert (ended.exit_code, ended.stdout, ended.stderr) == (1, "", f"Error: {sentence}\n")
    assert emails(service) == []


def test_columns_without_rows_are_an_empty_list(command: Command, csv: Callable[..., str]) -> None:
    """Nothing to do is no fault."""
    ended = command("import", csv("email,company\n"))
    assert (ended.exit_code, ended.stdout) == (0, "0 approved, 0 skipped.\n")


def test_what_is_no_file_is_refused(command: Command, tmp_path: Path) -> None:
    """A directory, and a name that is nobody's, as every command refuses its arguments."""
    for path in (tmp_path, tmp_path / "nowhere.csv"):
        ended = command("import", str(path))
        assert (ended.exit_code, ended.stdout) == (2, "")
        assert str(path) in ended.stderr


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    """Whatever the machine says of it."""
    with pytest.raises(ClickException, match=f"^{tmp_path.name} cannot be read: Is a directory\\.$"):
        list(rows(tmp_path))


def test_a_store_that_goes_away_ends_the_import(service: Service, csv: Callable[..., str]) -> None:
    """At the row that met it, which is named: the next would fare no better. What came before has landed."""
    store = border.at(service.deps.gateway._client)
    command = commander(service)
    assert command("import", csv(f"email\n{new_email()}\n")).exit_code == 0
    calls_of_a_row = len(store.requests)
    found = new_email(), new_email(), new_email()
    path = csv("email\n" + "\n".join(found) + "\n")
    down = border.fails(EndpointConnectionError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com"))
    store.expect(*[border.through] * calls_of_a_row, then=down)
    ended = command("import", path)
    assert (ended.exit_code, ended.stdout) == (1, "")
    sentence = "line 3: The service cannot reach its storage just now. Please try again. Before it, 1 were approved."
    assert ended.stderr == f"Error: {sentence}\n"
    store.expect()
    assert found[0] in emails(service)
    assert not set(found[1:]) & set(emails(service))


def test_an_import_ends_sessions_as_a_command_does(service: Service, command: Command, csv: Callable[..., str]) -> None:
    """Who is on the list as before stays signed in; whose approval is shortened signs in again."""
    same, shorter = member(service), member(service)
    soon = (service.clock.now + timedelta(hours=1)).isoformat()
    ended = command("import", csv(f"email,expires_at\n{same['email']},\n{shorter['email']},{soon}\n"))
    assert ended.exit_code == 0
    assert lives(service, same)
    assert not lives(service, shorter)
    assert login(service, shorter["email"]).status_code == 200


def test_many_rows_land(service: Service, command: Command, csv: Callable[..., str]) -> None:
    """Each of them, the bad ones aside."""
    lines = [f"{number:04d}@example.com" if number % 30 else "nobody" for number in range(MANY)]
    ended = command("import", csv("email\n" + "\n".join(lines) + "\n"))
    assert (ended.exit_code, ended.stdout) == (1, f"{MANY - MANY // 30} approved, {MANY // 30} skipped.\n")
    assert [line.partition(":")[0] for line in ended.stderr.splitlines()] == [
        f"line {number + 2}" for number in range(0, MANY, 30)
    ]
    assert set(emails(service)) == set(lines) - {"nobody"}


def test_a_long_file_is_never_in_memory(csv: Callable[..., str]) -> None:
    """A long file is read row by row."""
    path = Path(csv("email,notes\n" + f"ann@example.com,{'x' * 4000}\n" * 1000))
    assert path.stat().st_size > 4_000_000
    tracemalloc.start()
    assert sum(1 for _ in rows(path)) == 1000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_an_approval_that_is_not_on_the_list_stays(service: Service, command: Command, csv: Callable[..., str]) -> None:
    """An import adds and changes; it takes nothing away."""
    other = approved(service)
    assert command("import", csv("email\nann@example.com\n")).exit_code == 0
    assert sorted(emails(service)) == sorted(["ann@example.com", other])
