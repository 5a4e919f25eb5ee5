"""What looking costs with 100,000 people, 1,000,000 events and 10,000 approvals: `python -m benchmarks.admin_at_scale`.

It fills an emulator of its own, which takes minutes and some gigabytes, and is therefore no part of `make bench`. It
ends with 1 if a page reads more items than it shows and the constant that `tests/admin/test_items_read.py` pins.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from typing import Any

from panzoto.models.audit_events import AuditEvent, to_item
from panzoto.models.table import Table
from panzoto.models.user import User
from panzoto.models.user import to_item as user_item
from tests.admin.conftest import Office, opened
from tests.admin.test_items_read import PATHS, approval, fill, measured, most
from tests.support.ministack import running

PEOPLE, EVENTS, APPROVALS = 100_000, 1_000_000, 10_000
DAYS = 90
# A full emulator on a busy machine pauses now and then.
PATIENCE = timedelta(seconds=60)
AT_ONCE, BATCH, ROUNDS, TOLD = 2, 500, 5, 100_000


def main() -> int:
    """Fill, look, and print a table."""
    with running() as address:
        office = opened(address, dynamodb_deadline=PATIENCE)
        began = time.monotonic()
        me = fill(office, 300)
        load(office.deps.users, people(office, PEOPLE))
        load(office.deps.approved_emails, (approval(number) for number in range(APPROVALS)))
        load(office.deps.audit, events(office, EVENTS))
        print(f"filled in {time.monotonic() - began:.0f} s")  # noqa: T201 (the figures are asked for)
        return look(office, me)


def look(office: Office, me: dict[str, Any]) -> int:
    """Look at every page; 1 if one reads too much."""
    support, too_much = office.someone("support"), 0
    print(f"{'page':34} {'shown':>6} {'read':>6} {'asked':>6} {'units':>6} {'ms':>8}")  # noqa: T201
    for path in PATHS:
        found = [measured(office, path.format(me=me["user_id"]), support) for _ in range(ROUNDS)]
        cost = min(found, key=lambda each: each["ms"])
        too_much |= cost["read"] > cost["shown"] + most(path)
        figures = " ".join(f"{cost[name]:6g}" for name in ("shown", "read", "asked", "units"))
        print(f"{path:34} {figures} {cost['ms']:8.1f}")  # noqa: T201
    return too_much


def people(office: Office, many: int) -> Iterator[dict[str, Any]]:
    """So many people."""
    now = office.clock()
    for number in range(many):
        yield user_item(User(user_id=f"u{number}", email=f"u{number}@example.org", key_salt=b"\0" * 32, created_at=now))


def events(office: Office, many: int) -> Iterator[dict[str, Any]]:
    """So many events of so many days, newest first."""
    now, step = office.clock(), timedelta(days=DAYS) / many
    for number in range(many):
        subject = f"u{number % PEOPLE}"
        event = AuditEvent(
            subject=subject,
            action="sign_in_failed" if number % 3 else "registered",
            actor=subject if number % 100 else "u1",
            at=now - step * number,
            address="192.0.2.1",
            user_agent="bench",
        )
        yield to_item(event, timedelta(days=365))


def load(table: Table, items: Iterable[dict[str, Any]]) -> None:
    """Write items, a few batches at once; every hundred thousand are told."""
    coming, done = iter(items), 0
    with ThreadPoolExecutor(AT_ONCE) as threads:
        while batch := list(islice(coming, BATCH * AT_ONCE)):
            halves = [batch[:BATCH], batch[BATCH:]]
            list(threads.map(lambda each: table.write_many(puts=each), halves))
            done += len(batch)
            if done % TOLD == 0:
                print(f"{table.spec.label}: {done}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
