"""What so many people ask of the tables: `python -m benchmarks.scale` writes docs/scale.md from it.

It is fed by the units that the tests pin (`panzoto/costs.py`), and `make bench ONLY=scale` checks it against a load
run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from panzoto import costs
from panzoto.costs import RECORDINGS, SIGNING_IN, Cost
from panzoto.models.audit_events import SHARDS

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
DAY, MONTH = 86_400, 30
SIZES = (10**4, 10**6, 10**8)
# A partition, and so a key, takes so many units a second.
MOST_WRITES, MOST_READS = 1000, 3000

# For each act its pinned cost, and where its units go: (table, kind) -> units.
Spread = dict[tuple[str, str], float]
ACTS: dict[str, tuple[Cost, Spread]] = {
    "login": (
        SIGNING_IN["login, known device"],
        {
            ("auth_state", "write"): 3,
            ("auth_tokens", "write"): 3,
            ("audit_events", "write"): 1,
            ("auth_state", "read"): 1,
            ("users", "read"): 1,
        },
    ),
    "refresh": (SIGNING_IN["refresh"], {("auth_state", "write"): 1}),
    "request": (SIGNING_IN["check and GET me"], {("users", "read"): 1}),
    "list": (RECORDINGS["list of 50"], {("users", "read"): 1, ("audio_files", "read"): 0.5}),
    "begin": (
        RECORDINGS["begin"],
        {("users", "read"): 1, ("auth_state", "write"): 1, ("audio_files", "write"): 1},
    ),
    "record": (
        RECORDINGS["record"],
        {("users", "read"): 1, ("audio_files", "read"): 1, ("audio_files", "write"): 3},
    ),
}


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """A day of somebody who is active, how many are, and how much the busiest hour is above the mean."""

    active: float = 0.2
    peak: float = 4
    jobs_of_recordings: float = 0.05
    events_in_feed_of_logins: float = 0.1
    times: tuple[tuple[str, float], ...] = (
        ("login", 0.1),
        ("refresh", 4),
        ("request", 20),
        ("list", 2),
        ("begin", 0.5),
        ("record", 0.5),
    )


def units(times: dict[str, float]) -> Counter[tuple[str, str]]:
    """The units of so many acts, by table and kind."""
    found: Counter[tuple[str, str]] = Counter()
    for act, often in times.items():
        for where, amount in ACTS[act][1].items():
            found[where] += amount * often  # type: ignore[assignment] # half units are units
    return found


def check() -> None:
    """The spread of an act over tables must add up to what the tests pin."""
    for act, (cost, spread) in ACTS.items():
        for kind, pinned in (("write", cost.writes), ("read", cost.reads)):
            if sum(amount for (_, each), amount in spread.items() if each == kind) != pinned:
                raise ValueError(f"the {kind} units of {act} do not add up to {pinned}")


def at(users: int, does: Behaviour) -> dict[str, float]:
    """Acts a second in the busiest hour."""
    return {act: users * does.active * often * does.peak / DAY for act, often in does.times}


def page(does: Behaviour | None = None) -> str:
    """docs/scale.md."""
    habits = does or Behaviour()
    rows = {size: at(size, habits) for size in SIZES}
    spent = {size: units(rows[size]) for size in SIZES}
    tables = sorted({where for each in spent.values() for where in each})
    head = f"| | {' | '.join(f'{size:,} people' for size in SIZES)} |\n|---|{'--:|' * len(SIZES)}"
    acts = [f"| {act} | {' | '.join(f'{rows[size][act]:,.1f}' for size in SIZES)} |" for act, _ in habits.times]
    each = [f"| {t}, {k} units | {' | '.join(f'{spent[s][t, k]:,.1f}' for s in SIZES)} |" for t, k in tables]
    hot = [f"| {name} | {' | '.join(f'{most(rows[s]):,.2f}' for s in SIZES)} |" for name, most in _hottest(habits)]
    bill = [f"| {name} | {' | '.join(f'{dollars(s):,.2f}' for s in SIZES)} |" for name, dollars in _bill(habits)]
    return TEXT.format(
        habits=", ".join(f"{often:g} of {act}" for act, often in habits.times),
        active=f"{habits.active:.0%}",
        peak=f"{habits.peak:g}",
        acts="\n".join([head, *acts]),
        tables="\n".join([head, *each]),
        hot="\n".join([head, *hot]),
        bill="\n".join([head, *bill]),
        shards=SHARDS,
        writes=MOST_WRITES,
        reads=MOST_READS,
    )


def _hottest(does: Behaviour):  # type: ignore[no-untyped-def] # noqa: ANN202 (rows of a table)
    """The keys that many people meet at, and how many write units a second each gets."""
    return [
        ("one shard of the audit feed", lambda acts: acts["login"] * does.events_in_feed_of_logins / SHARDS),
        ("`AUDIO_QUEUE` (large recordings)", lambda acts: 3 * acts["record"] * does.jobs_of_recordings),
        ("`RATE#sms.everywhere` (at its limit)", lambda _: 200 / 300),
    ]


def _bill(does: Behaviour):  # type: ignore[no-untyped-def] # noqa: ANN202 (rows of a table)
    def of(acts: tuple[str, ...]):  # type: ignore[no-untyped-def] # noqa: ANN202
        times = dict(does.times)
        day = sum(times[act] * costs.price(ACTS[act][0]) for act in acts)
        return lambda users: users * does.active * day * MONTH

    return [*((act, of((act,))) for act, _ in does.times), ("together", of(tuple(act for act, _ in does.times)))]


TEXT = """<!-- Made by `python -m benchmarks.scale`; change it there. -->
# Scale

What ten thousand, a million and a hundred million people ask of DynamoDB. It is a model, not a measurement: it takes
the units that the tests pin ([what it costs](costs.md)) times a behaviour that is stated. `make bench ONLY=scale` sets
its units beside those of a small run on the embedded AWS, table by table: they agreed, but for one write of
`auth_state` (38 for 37 in all). By the code that is the second sign-in within a quarter of an hour, which clears its
count of guesses.

**Behaviour.** {active} of the people are active on a day; somebody active does {habits}.
The busiest hour has {peak} times the mean. Change it in `benchmarks/scale.py`, or ask `flask costs` for another month.

## Acts a second in the busiest hour

{acts}

## Units a second in the busiest hour

{tables}

A new on-demand table takes 4,000 write and 12,000 read units a second, and grows from there to twice what it has had;
40,000 of each is the quota of a table. So a hundred million people need `users` and `auth_state` warmed (warm
throughput)
before such a launch, and stay within the quota.

## The hottest keys

A partition takes {writes} write and {reads} read units a second, and so does one key, however large the table is.
Keys of
sessions, codes, claims, limits and recordings are of one person, one phone or one network: what two people do meets
at no
key (`tests/passwordless/test_hot_keys.py`), a prefix of phone numbers included, since a key is hashed whole. What is
shared:

{hot}

- The audit feed of a day is {shards} shards, which take {writes} writes a second each; an ordinary sign-in is not in
  it.
- All SMS are counted at one key, so that a burst over everything stops. It gets as many writes as the limit allows, and
  hardly more, since each process remembers that the breaker is open. `RATE_LIMITS=sms.everywhere=…` may ask for up to
  250,000 in five minutes before the key itself is the limit; the default of 200 is for a small country of users.
- Jobs of large recordings wait at one key, three write units each: it holds up to 300 jobs a second.
- One person's item is read by each of their requests: 3,000 a second for one person, far beyond their limits.
- A network that floods meets its own limit's key: past {writes} a second DynamoDB throttles that key, and that
  network alone
  hears 503 in place of 429.

## Processes

Nothing is shared between processes but the tables: any number of them. How many are needed follows from
`benchmarks/results.md`: CPU for a signed-in request and for a sign-in (the hash, above all), times the acts above;
leave half
of each core free. A sign-in by password is what needs cores, for its hash (`make bench ONLY=login` says how long it
takes).

## The month, in dollars

DynamoDB's requests on demand in us-east-1. Not in it: what is kept, S3, KMS, machines, traffic, mail, SMS.

{bill}
"""

if __name__ == "__main__":
    check()
    PAGE.write_text(page(), encoding="utf-8")
