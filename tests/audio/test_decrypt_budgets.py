"""What decrypting, streaming and transcribing cost at DynamoDB, as the request's log line says it.

MiniStack bills reads as if all items were small.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from structlog.testing import capture_logs

from panzoto import costs
from panzoto.costs import Cost
from panzoto.flows._working import work
from panzoto.models.store import ledger
from tests.accounts.conftest import PASSWORD, Service
from tests.accounts.test_budgets import table

from .conftest import FILES
from .sealing import Owner, owner_of, with_password
from .test_budgets import spent

__all__ = ["table"]


def content(owner: Owner, file_id: str, token: str) -> Cost:
    """What a range of a stream costs."""
    with capture_logs() as logs:
        assert owner.content(file_id, X_Content_Token=token, Range="bytes=0-1").status_code == 206
    (line,) = [line for line in logs if line["event"] == "request"]
    return Cost(line["writes"], line["reads"], line["trips"])


def worked(owner: Owner) -> Cost:
    """What a worker spends on one look, and on a job if there is one."""
    with ledger.keep("worker") as entry:
        work(owner.deps)
    return Cost(entry.writes, entry.reads, entry.trips)


def test_decrypting(service_for: Callable[..., Service], table: Callable[..., None]) -> None:
    """Each is pinned, so that a change of it is seen."""
    service = service_for(transcriber="aws", decrypt_jobs_at_once=0, decrypt_async_from_bytes=1000)
    owner, bare = with_password(service, service.register(), PASSWORD), owner_of(service)
    proof = {"password": PASSWORD}
    short, long, other = owner.keep_sealed(b"words"), owner.keep_sealed(bytes(2000)), bare.keep_sealed(b"words")
    ask = partial(spent, owner, "POST")
    found: dict[str, Any] = {
        "decrypt": ask(f"{FILES}/{short}/decrypt", proof),
        "decrypt, by its key": ask("/api/decrypt-audio", proof | {"s3_key": key_of(owner, short)}),
        "decrypt, no password": spent(bare, "POST", f"{FILES}/{other}/decrypt", {}),
        "content token": ask(f"{FILES}/{short}/content", proof),
        "content": content(owner, short, owner.token_for(short, **proof)),
        "job, asked for": ask(f"{FILES}/{long}/decrypt", proof),
    }
    where = f"{FILES}/{long}/jobs/{owner.job(long).job_id}"
    found["job, how far"] = spent(owner, "GET", where)
    found["job, done by a worker"] = worked(owner)
    found["a look at an empty queue"] = worked(owner)
    found["job, its address"] = spent(owner, "GET", where)
    found["transcript, asked for"] = ask(f"{FILES}/{short}/transcribe", proof)
    found["transcript, how far"] = spent(owner, "GET", f"{FILES}/{short}/transcript")
    table(found, costs.DECRYPTING)


def key_of(owner: Owner, file_id: str) -> str:
    """The key of a recording."""
    return str(owner.ask("GET", f"{FILES}/{file_id}").get_json()["audio_file"]["s3_key"])
