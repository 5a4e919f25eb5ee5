"""What the move has come to, for the change ticket: a page to read, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from migrations.faults import Stopped
from migrations.state import Folder, replaced

REPORT_JSON, REPORT_PAGE = "report.json", "report.md"
SHOWN = 20


def report(folder: Folder) -> str:
    """Write both files; the page is returned."""
    known = folder.read()
    if not {"plan", "run", "later", "verify"} & set(known):
        raise Stopped(f"There is nothing to report in {folder.path}: plan, run or verify first.")
    page = "\n".join(_lines(known)) + "\n"
    replaced(folder.path / REPORT_JSON, [orjson.dumps(known, option=orjson.OPT_INDENT_2).decode() + "\n"])
    replaced(folder.path / REPORT_PAGE, [page])
    return page


def _lines(known: Mapping[str, Any]) -> Iterator[str]:
    yield "# The move from PostgreSQL"
    yield ""
    for name, place in known.get("between", {}).items():
        yield f"- {name}: {place}"
    if "plan" in known:
        yield from _plan(known["plan"])
    if "run" in known:
        yield from _run(known["run"])
    if "later" in known:
        yield from ("", "## Rows that came later", "")
        for each in known["later"]:
            yield f"- since {each['since']}: {each['written']} written, {each['rejected']} rejected"
    if "verify" in known:
        yield from _verify(known["verify"])


def _plan(plan: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Plan", "")
    for label in ("users", "audio_files"):
        yield f"- {label}: {plan[label]['rows']} rows, {plan[label]['will_go']} will go"
        yield from (f"  - {count} {what}" for what, count in _found(plan[label]) if count)
    cost = plan["cost"]
    pace = f"at {cost['write_units_per_second']:.0f} a second"
    yield f"- {cost['write_units']} write units, ${cost['dollars']}, {cost['minutes']} minutes {pace}"


def _found(table: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """What somebody has to know of a table before it is moved; report.json has examples."""
    yield from ((f"cannot: {reason}", count) for reason, count in table["cannot_go"].items())
    yield "emails are there twice, of which the first by id goes", table.get("emails_twice", {}).get("emails", 0)
    yield "have no person, and do not go", table.get("without_a_person", 0)
    yield "keys of S3 are named by several, which all go", table.get("s3_keys_twice", {}).get("keys", 0)
    yield "times are before 2000 or in the future", table["times_before_2000_or_in_the_future"]
    yield from ((f"hashes: {kind}", count) for kind, count in table.get("hashes", {}).items())
    yield from ((f"without {column}", count) for column, count in table["nulls"].items())


def _run(run: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Run", "", "| table | rows | written | there already | rejected |", "|---|--:|--:|--:|--:|")
    for label, each in run["tables"].items():
        yield f"| {label} | {each['rows']} | {each['written']} | {each['kept']} | {each['rejected']} |"
    yield ""
    for label, each in run["tables"].items():
        for reason, count in each["reasons"].items():
            yield f"- {label}, {count} rejected: {reason}"


def _verify(verify: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Verify", "")
    yield "Nothing is missing, doubled or different." if verify["verified"] else f"{verify['differences']} DIFFERENCES."
    yield ""
    for label, counts in verify["tables"].items():
        yield f"- {label}: {', '.join(f'{what} {count}' for what, count in counts.items())}"
    if again := verify.get("rejects_found_again"):
        yield f"- rejects.jsonl here lacked {again} of the rejected, as on a machine that did not run; it has them now"
    for each in verify["first"][:SHOWN]:
        yield f"- {each['table']} {each['row_id']} {each['problem']}"
