"""`flask costs`: the price of each act, and of a month."""

from __future__ import annotations

from math import isfinite
from typing import Any

import click

from panzoto import costs as declared
from panzoto.costs import GROUPS, Cost
from panzoto.months import Habits, Line, month

MILLION = 1_000_000
USUAL = Habits()


class Amount(click.FloatRange):
    """A number from 0 on; not nan, which is below nothing and above nothing, and no number without an end."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        amount = float(super().convert(value, param, ctx))
        if not isfinite(amount):
            self.fail(f"{value} is no amount.", param, ctx)
        return amount


POSITIVE = Amount(min=0, max=1e15)
REQUESTS, REFRESHES = "Signed-in requests for each login.", "Refreshes for each login."


@click.command("costs")
@click.option("--users", type=click.IntRange(min=0), help="People who have an account.")
@click.option("--logins", type=click.IntRange(min=0), default=0, help="Sign-ins by password in the month.")
@click.option("--minutes", type=POSITIVE, default=0, help="Minutes that are recorded in the month, and kept.")
@click.option("--requests", type=POSITIVE, default=USUAL.requests_a_login, show_default=True, help=REQUESTS)
@click.option("--refreshes", type=POSITIVE, default=USUAL.refreshes_a_login, show_default=True, help=REFRESHES)
def costs(users: int | None, logins: int, minutes: float, requests: float, refreshes: float) -> None:
    """Print what each act costs at DynamoDB, or with --users what a month of theirs costs.

    Units are those that the tests pin, prices on demand in us-east-1. Machines, traffic, mail and SMS are extra.
    """
    if users is None:
        if logins or minutes or (requests, refreshes) != (USUAL.requests_a_login, USUAL.refreshes_a_login):
            raise click.UsageError("A month is that of --users: say how many there are.")
        _acts()
        return
    habits = Habits(requests_a_login=requests, refreshes_a_login=refreshes)
    lines = month(users=users, logins=logins, minutes=minutes, habits=habits)
    for line in lines:
        click.echo(_row(line.what, f"{line.times:,.1f}".removesuffix(".0"), _units(line), f"${line.dollars:,.2f}"))
    click.echo(_row("together", "", "", f"${sum(line.dollars for line in lines):,.2f}"))
    once = users * declared.price(declared.CHANGES["register"])
    click.echo(f"To register all of them, once: ${once:,.2f}.")


def _acts() -> None:
    """Every act that the tests pin, with the price of a million."""
    click.echo(_row("", "writes", "reads", "trips", "$ a million"))
    for group, acts in GROUPS.items():
        click.echo(f"{group}:")
        for name, cost in acts.items():
            click.echo(_row(f"  {name}", f"{cost.writes:g}", f"{cost.reads:g}", str(cost.trips), _million(cost)))


def _million(cost: Cost) -> str:
    return f"{declared.price(cost) * MILLION:.2f}"


def _units(line: Line) -> str:
    return "" if line.cost is None else f"{line.cost.writes:g} w {line.cost.reads:g} r"


def _row(what: str, *cells: str) -> str:
    return f"{what:32}" + "".join(f"{cell:>14}" for cell in cells)
