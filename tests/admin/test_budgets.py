"""What each act of an administrator costs at DynamoDB, as the request's log line says it."""

from __future__ import annotations

from typing import Any

from structlog.testing import capture_logs

from panzoto import costs
from panzoto.costs import Cost

from .conftest import new_email, opened


def test_an_administrators_acts(ministack: str) -> None:
    """Looking and acting, on a service that holds little: a list of long items costs more."""
    office = opened(ministack)
    admin, me, email = office.someone("admin"), office.someone(), new_email()
    person = f"/users/{me['user_id']}"

    def spent(method: str, path: str, body: Any = None, status: int = 200) -> Cost:
        office.deps.later.finish()
        with capture_logs() as logs:
            answer = office.ask(method, path, admin, body)
        assert answer.status_code == status, answer.get_json()
        (line,) = [each for each in logs if each["event"] == "request"]
        return Cost(line["writes"], line["reads"], line["trips"])

    found = {
        "find a person": spent("GET", f"/users?q={me['email']}"),
        "look at a person": spent("GET", person),
        "audit of a person": spent("GET", f"/audit?subject={me['user_id']}"),
        "approve an email": spent("POST", "/approvals", {"email": email}, 201),
        "look at an approval": spent("GET", f"/approvals/{email}"),
        "end an approval": spent("DELETE", f"/approvals/{email}"),
        "end somebody's sessions": spent("DELETE", f"{person}/sessions"),
        "send a reset": spent("POST", f"{person}/reset"),
        "give a role": spent("PUT", f"{person}/roles/support"),
        "take a role": spent("DELETE", f"{person}/roles/support"),
        "shut somebody out": spent("POST", f"{person}/disable"),
        "let somebody in again": spent("POST", f"{person}/enable"),
    }
    office.deps.later.finish()
    assert found == costs.ADMINISTRATORS
