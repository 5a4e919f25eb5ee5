"""`flask audit`: what happened."""

from __future__ import annotations

import click
import orjson
from flask import current_app
from flask.cli import AppGroup

from panzoto.deps import Deps
from panzoto.flows.admin.audit import Asked, Event
from panzoto.flows.admin.audit import audit as events
from panzoto.flows.admin.staff import operator
from panzoto.flows.approvals_csv import moment

from .speaking import as_json, sentences, tell, whoever

NOTHING = "Nothing happened."
BARE_EMAIL = (
    "Nothing has this subject. Events of a person have their id (flask users show), those of an email email:ADDRESS."
)

audit = AppGroup("audit", help="What happened.")


@audit.command("tail")
@click.option("--subject", help="What happened to: a user's id, email:ADDRESS or phone:NUMBER.")
@click.option("--actor", help="What was done by: a user's id, or operator:NAME.")
@click.option("--action", help="Of this kind, such as sign_in_failed.")
@click.option("--since", help="Not before, such as 2027-01-31 or 2027-01-31T12:00:00Z.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@as_json
def tail(
    *,
    subject: str | None,
    actor: str | None,
    action: str | None,
    since: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """The newest events, oldest first, as logs are read. Ordinary sign-ins are shown by --subject alone."""
    deps: Deps = current_app.extensions["panzoto"]
    staff, found, cursor = operator(whoever()), list[Event](), None
    with sentences():
        wanted = Asked(subject, actor, action, moment(since, "since") if since else None)
        while len(found) < limit:
            page = events(deps, staff, wanted, limit=limit - len(found), cursor=cursor)
            found += page.items
            if (cursor := page.cursor) is None:
                break
    rows = [_row(each, as_json=as_json) for each in reversed(found)]
    tell(rows, as_json=as_json, nothing=BARE_EMAIL if subject and ":" not in subject and "@" in subject else NOTHING)


def _row(event: Event, *, as_json: bool) -> dict[str, object]:
    about = event.details if as_json else orjson.dumps(event.details, default=str).decode()
    return {
        "at": event.at.isoformat(timespec="seconds"),
        "action": event.action,
        "subject": event.subject,
        "actor": event.actor if event.actor != event.subject else None,
        "address": event.address,
        "details": about,
    }
