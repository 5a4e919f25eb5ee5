"""The console of administrators and supporters: the overview, one OAuth flow, and what happened."""

from __future__ import annotations

from datetime import datetime

from flask import Response, request

from panzoto.flows.admin.approved import moment
from panzoto.flows.admin.audit import Asked, audit
from panzoto.flows.admin.oauth_flows import flow
from panzoto.flows.admin.overview import overview
from panzoto.web.console import page, pages, staff_here
from panzoto.web.console_figures import plots
from panzoto.web.guards import staff
from panzoto.web.requests import deps

SPANS = (7, 30, 90)
MONTH = 30

console = pages("console")


@console.get("/admin")
@staff_here
def get_overview() -> Response:
    """How much happens, day by day, and what it costs."""
    asked = request.args.get("days", MONTH, type=int)
    days = asked if asked in SPANS else MONTH
    seen = overview(deps(), staff(), days)
    return page("overview.html", seen=seen, plots=plots(seen), days=days, spans=SPANS)


@console.get("/admin/oauth/<flow_id>")
@staff_here
def get_flow(flow_id: str) -> Response:
    """One sign-in with another provider, step by step."""
    return page("flow.html", flow=flow(deps(), staff(), flow_id))


@console.get("/admin/audit")
@staff_here
def get_audit() -> Response:
    """What happened, newest first."""
    asked = {name: value.strip() for name, value in request.args.items() if value.strip()}
    cursor = asked.pop("cursor", None)
    wanted = Asked(
        subject=asked.get("subject"),
        actor=asked.get("actor"),
        action=asked.get("action"),
        since=_time(asked, "since"),
        until=_time(asked, "until"),
    )
    return page("audit.html", found=audit(deps(), staff(), wanted, cursor=cursor), asked=asked)


def _time(asked: dict[str, str], name: str) -> datetime | None:
    return moment(asked[name], name) if name in asked else None
