"""Who means ill among the people of a load: of twenty requests one is theirs, and it is refused."""

from __future__ import annotations

from typing import Any

from tests.proof.crowd import Crowd
from tests.proof.people import API, FILES, Person

Wrong = tuple[str, str, Any, str | None]

HOSTILE = 0.05
WRONG: list[Wrong] = [
    ("POST", f"{API}/login", {"email": "nobody@example.com", "password": "a wrong password"}, None),
    ("POST", f"{API}/login", {"email": {"$ne": ""}, "password": 1}, None),
    ("POST", f"{API}/refresh", {"refresh_token": "rt1.ses_x.0.forged-forged-forged"}, None),
    ("GET", f"{API}/me", None, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0."),
    ("GET", f"{FILES}/..%2f..%2fetc%2fpasswd", None, None),
    ("POST", f"{API}/magic-link/verify", {"token": "tok_0123456789.forged-forged"}, None),
    ("POST", f"{API}/register", {"email": "x" * 70000, "password": "x"}, None),
    ("GET", "/api/v1/oauth/acme/access-token", None, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0."),
]


def lives(person: Person, acts: int, later: frozenset[int] = frozenset()) -> None:
    """Do so many things, of which some are hostile. In a storm those, too, may be told to come later."""
    crowd = person.crowd
    for _ in range(acts):
        if crowd.random.random() < HOSTILE:
            _tries(crowd, crowd.random.choice(WRONG), later)
        else:
            person.act()


def tries_all(crowd: Crowd) -> None:
    """Try all that is hostile once, when nothing is an excuse."""
    for wrong in WRONG:
        _tries(crowd, wrong, later=frozenset())


def _tries(crowd: Crowd, wrong: Wrong, later: frozenset[int]) -> None:
    status, _ = crowd.hears(*wrong)
    crowd.acts["hostile, refused"] += 400 <= status < 500
    if not (400 <= status < 500 or status in later):
        crowd.violations.append(f"what was hostile was answered {status}")
