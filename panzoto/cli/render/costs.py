"""The page of costs: each act as the tests pin it, and a month beside the seed's estimate."""

from __future__ import annotations

from panzoto.costs import CHANGES, GROUPS, MILLION, PER_MILLION_READS, PER_MILLION_WRITES, SIGNING_IN, price
from panzoto.months import month

USERS, LOGINS = 100_000, 1_000_000


def page() -> str:
    """`docs/costs.md`."""
    parts = [HEAD]
    for group, acts in GROUPS.items():
        parts += [f"\n## {group.capitalize()}\n", "| act | writes | reads | round trips | dollars a million |", ROW]
        for name, cost in acts.items():
            dollars = f"{price(cost) * MILLION:.2f}"
            parts.append(f"| {name} | {cost.writes:g} | {cost.reads:g} | {cost.trips} | {dollars} |")
    return "\n".join([*parts, _beside_the_seed()])


def _beside_the_seed() -> str:
    """The seed's own example, by our units and by today's prices."""
    lines = month(users=USERS, logins=LOGINS, minutes=0)
    rows = [f"| {line.what} | {line.times:,.10g} | {line.dollars:.2f} |" for line in lines if line.dollars]
    total = sum(line.dollars for line in lines)
    logins = LOGINS * price(SIGNING_IN["login, known device"])
    once = USERS * price(CHANGES["register"])
    return "\n".join([SEED, *rows, f"| together | | {total:.2f} |", TAIL.format(logins=logins, once=once)])


ROW = "|---|--:|--:|--:|--:|"
HEAD = f"""<!-- Made by `make render` from `panzoto/costs.py`; change it there. -->
# What it costs

DynamoDB bills by request unit. Below is every act as the tests of budgets pin it (`tests/*/test_*budgets.py`), the
check of its sign-in included: a change that costs a unit more fails a test. Prices are on demand in us-east-1,
${PER_MILLION_WRITES} a million write units and ${PER_MILLION_READS} a million read units; AWS's price list is what
counts.

```
.venv/bin/flask --env-file .panzoto/env costs       # this table
.venv/bin/flask --env-file .panzoto/env costs --users 100000 --logins 1000000 --minutes 500000      # a month
```

Units are of small items: a read of more than 4 KB, a write of more than 1 KB and a list of many long records cost more.
What a refused conditional write costs is not in DynamoDB's answer, and so not here."""
SEED = """
## A month, beside the seed's estimate

The seed of the users table has 100,000 users and a million logins at about $0.40: 100,000 writes, a million reads and
0.1 GB, at the prices of its time, which were twice today's. So it counts one read for a login. Ours, with twenty
signed-in requests, eight refreshes and two lists for each login:

| | | dollars |
|---|--:|--:|"""
TAIL = """
The logins alone are ${logins:.2f}, more than ten times the seed's whole month, at half its prices. It is what a login
does that the seed's does not: it charges two limits before it looks at the password, reads the claim and the person
consistently, and writes the lineage of refresh tokens, the session with its two indexes, and the audit event. To
register all of them is ${once:.2f}, once. Not in it: machines, traffic, mail, SMS. One SMS costs more than a thousand
logins.
"""
