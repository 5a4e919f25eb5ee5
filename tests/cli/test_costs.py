"""`flask costs`: prices by the units that the tests of budgets pin."""

from __future__ import annotations

from itertools import pairwise

import pytest
from click.testing import CliRunner

from panzoto.cli.costs import costs
from panzoto.costs import GROUPS, Cost, price
from panzoto.months import month


def said(*arguments: str) -> str:
    """What the command prints."""
    done = CliRunner().invoke(costs, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1", "1e300", "many"])
@pytest.mark.parametrize("option", ["--minutes", "--requests", "--refreshes"])
def test_what_is_no_amount_is_refused(option: str, value: str) -> None:
    """Nobody is shown a price of nothing that can be counted."""
    done = CliRunner().invoke(costs, ["--users", "10", option, value])
    assert (done.exit_code, "$" in done.stdout) == (2, False)
    assert option in done.stderr


@pytest.mark.parametrize("given", [("--logins", "5"), ("--minutes", "5"), ("--requests", "5"), ("--refreshes", "5")])
def test_a_month_is_that_of_people(given: tuple[str, str]) -> None:
    """What says how much of a month there is, without --users, is no question about the acts."""
    done = CliRunner().invoke(costs, list(given))
    assert (done.exit_code, "$" in done.stdout) == (2, False)
    assert "--users" in done.stderr


def test_a_price_is_writes_and_reads() -> None:
    """A million logins are seven million writes and two million reads: $4.375 and $0.25."""
    assert price(Cost(7, 2, 5)) * 1e6 == pytest.approx(4.625)


def test_every_act_has_its_price() -> None:
    """Each act of every group is a line with what the tests pin."""
    lines = said().splitlines()
    assert len(lines) == 1 + sum(1 + len(acts) for acts in GROUPS.values())
    assert "  login, known device                        7             2             5          4.63" in lines


def test_a_month_adds_up() -> None:
    """The sum stands below its lines; twice of everything costs twice as much."""
    once, twice = (sum(line.dollars for line in month(users=n, logins=10 * n, minutes=n)) for n in (10**5, 2 * 10**5))
    assert twice == pytest.approx(2 * once)
    assert f"${once:,.2f}" in said("--users", "100000", "--logins", "1000000", "--minutes", "100000")


def test_an_idle_month_costs_what_is_kept() -> None:
    """Whoever does nothing costs no request."""
    idle = month(users=1000, logins=0, minutes=0)
    assert [line.what for line in idle if line.dollars] == ["GB in the tables"]
    dollars = [sum(line.dollars for line in month(users=n, logins=n, minutes=0)) for n in (1, 10, 100)]
    assert all(few < many for few, many in pairwise(dollars))
