"""What other processes do with the vault: each has the whole application, and several threads that ask at once."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from config import Config
from panzoto import create_app
from panzoto.deps import build
from tests.support import races

SECONDS = 120


def ask_together(config: Config, token: str, threads: int) -> Counter[tuple[int, str]]:
    """What so many threads of this process were answered, that asked at the same moment as those of the others."""
    app = create_app(config, build(config))
    clients = [app.test_client() for _ in range(threads)]
    line = Barrier(threads, action=_all_there)

    def ask(number: int) -> tuple[int, str]:
        line.wait(SECONDS)
        answer = clients[number].get("/api/v1/oauth/acme/access-token", headers={"Authorization": f"Bearer {token}"})
        body = answer.get_json()
        return answer.status_code, body.get("access_token") or body["code"]

    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(ask, range(threads)))


def _all_there() -> None:
    """The threads of this process are at the line: wait for those of the others."""
    races._line.wait(SECONDS)


def ask_alone(config: Config, token: str) -> None:
    """Ask once, in a process that somebody kills meanwhile."""
    http = create_app(config, build(config)).test_client()
    http.get("/api/v1/oauth/acme/access-token", headers={"Authorization": f"Bearer {token}"})
    time.sleep(SECONDS)  # it is killed; if it is not, the test says so
