"""What each act on a recording costs at DynamoDB, as the request's log line says it: design §7, and what was reached.

MiniStack bills reads as if all items were small.
"""

from __future__ import annotations

from collections.abc import Callable

from structlog.testing import capture_logs

from panzoto import costs
from panzoto.costs import Cost
from tests.accounts.test_budgets import table, within

from .conftest import FILES, MIB, SMALL_PARTS, Phone, noise, put, put_parts, sha256
from .test_list import many

__all__ = ["table"]

CHECK = Cost(0, 1, 1)
LIST_OF_50 = Cost(0, CHECK.reads + 4, CHECK.trips + 1)


def spent(phone: Phone, method: str, path: str, body: object = None) -> Cost:
    """What one request costs, its check included."""
    with capture_logs() as logs:
        answer = phone.ask(method, path, body)
    assert answer.status_code < 300, answer.get_json()
    (line,) = [line for line in logs if line["event"] == "request"]
    return Cost(line["writes"], line["reads"], line["trips"])


def test_recordings(phone_for: Callable[..., Phone], table: Callable[..., None]) -> None:
    """A list of fifty is the check and one query; everything else is pinned, so that a change of it is seen."""
    phone = phone_for(**SMALL_PARTS)
    many(phone, list(range(60)))
    found = {
        "list of 50": spent(phone, "GET", FILES),
        "list of 50, old address": spent(phone, "GET", "/api/user/audio-files"),
        "list of 200": spent(phone, "GET", f"{FILES}?limit=200"),
    }
    assert within(found["list of 50"], LIST_OF_50)
    body = {"filename": "a.3gp", "content_type": "audio/3gpp", "file_size": 1}
    found["begin"] = spent(phone, "POST", f"{FILES}/uploads", body)
    found["begin, in parts"] = spent(phone, "POST", f"{FILES}/uploads", body | {"file_size": 6 * MIB})
    data, begun = noise(6 * MIB), phone.begin(b"x")
    put(begun, b"x")
    found["go on"] = spent(phone, "GET", f"{FILES}/uploads/{begun['file_id']}")
    record = {"s3_key": begun["s3_key"], "file_size": 1}
    found["record"] = spent(phone, "POST", FILES, record)
    found["record again"] = spent(phone, "POST", FILES, record)
    found["record, the seed's example"] = spent(phone, "POST", "/api/audio-file", {"s3_key": "users/test-user/a.3gp"})
    parts = phone.begin(data)
    put_parts(parts, data)
    found["go on, in parts"] = spent(phone, "GET", f"{FILES}/uploads/{parts['file_id']}")
    told = {"checksum_sha256": sha256(data)}
    found["go on, told with which file"] = spent(phone, "POST", f"{FILES}/uploads/{parts['file_id']}", told)
    found["complete"] = spent(phone, "POST", f"{FILES}/uploads/{parts['file_id']}/complete")
    found["give up"] = spent(phone, "DELETE", f"{FILES}/uploads/{parts['file_id']}")
    found["get"] = spent(phone, "GET", f"{FILES}/{begun['file_id']}")
    found["download"] = spent(phone, "GET", f"{FILES}/{begun['file_id']}/download")
    found["delete"] = spent(phone, "DELETE", f"{FILES}/{begun['file_id']}")
    table(found, costs.RECORDINGS)
