"""What `make audit` says of known faults is what was heard, and never that there are none when nobody told."""

from __future__ import annotations

import json

import pytest

from tests.security.advisories import told

GOOD = {"name": "flask", "version": "3.1.3", "vulns": []}
BAD = {"name": "jinja2", "version": "2.0", "vulns": [{"id": "PYSEC-1"}]}
UNKNOWN = {"name": "six", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "required", "code", "says"),
    [
        ([GOOD], True, 0, "1 packages were compared with known faults: 0."),
        ([GOOD, BAD], False, 1, "jinja2 2.0: PYSEC-1"),
        ([GOOD, UNKNOWN], False, 0, "1 were NOT"),
        ([GOOD, UNKNOWN], True, 1, "1 were NOT"),
        (None, False, 0, "all were NOT"),
        (None, True, 1, "all were NOT"),
    ],
    ids=["none", "a fault", "not told", "not told and required", "no report", "no report and required"],
)
def test_it_says_what_it_heard(
    capsys: pytest.CaptureFixture[str], packages: list[object] | None, code: int, says: str, *, required: bool
) -> None:
    """A fault fails, silence is told as silence, and fails where an answer is required."""
    report = "" if packages is None else json.dumps({"dependencies": packages})
    assert told(report, required=required) == code
    assert says in capsys.readouterr().out
