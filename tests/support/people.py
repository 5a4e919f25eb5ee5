"""Somebody and what belongs to them, by the names that the addresses of routes give to ids."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from flask.testing import FlaskClient

from panzoto.deps import Deps
from panzoto.flows._audit import recording
from panzoto.flows.client import Client
from panzoto.models.store.transaction import transact
from panzoto.models.user import User
from tests.support.phones import person, signed_in

FILES = "/api/v1/audio-files"


@dataclass(frozen=True)
class Somebody:
    """A person who is signed in, the ids of what is theirs, and the tokens that they hold."""

    ids: dict[str, str]
    token: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What says who asks."""
        return {"Authorization": f"Bearer {self.token}"}


def somebody(http: FlaskClient, deps: Deps, name: str, *roles: str) -> Somebody:
    """A new person with a session, an upload that was begun and a recording."""
    user = person(deps, f"{name}@example.com", roles=frozenset(roles))
    begun = signed_in(deps, user)
    who = Somebody({}, begun.access_token, begun.refresh_token)
    upload, recorded = (begun_upload(http, who) for _ in range(2))
    deps.clients.s3().put_object(Bucket=deps.config.s3_bucket, Key=recorded["s3_key"], Body=b"sealed")
    kept = http.post(FILES, json={"s3_key": recorded["s3_key"], "file_size": 6}, headers=who.headers)
    assert kept.status_code == 201, kept.get_json()
    (session,) = http.get("/api/v1/auth/sessions", headers=who.headers).get_json()["sessions"]
    ids = {
        "file_id": recorded["file_id"],
        "s3_key": recorded["s3_key"],
        "upload_id": upload["file_id"],
        "session_id": session["session_id"],
        "job_id": "job_0000000000000000000000",
        "provider": "acme",
        "user_id": user.user_id,
        "email": user.email or "",
    }
    return replace(who, ids=ids)


def begun_upload(http: FlaskClient, who: Somebody) -> dict[str, str]:
    """An upload that somebody has begun."""
    body = {"filename": "note.3gp", "content_type": "audio/3gpp", "file_size": 6}
    answer = http.post(f"{FILES}/uploads", json=body, headers=who.headers)
    assert answer.status_code == 201, answer.get_json()
    found: dict[str, str] = answer.get_json()
    return found


def leave(deps: Deps, user: User) -> User:
    """Begin the deletion of somebody, and get no further."""
    now = deps.clock()
    recorded = recording(deps, user.user_id, "deleted", Client("", "", "en"), now)
    transact(deps.gateway, deps.users.beginning_deletion(user, now), recorded)
    left = deps.users.find(user.user_id)
    assert left is not None
    return left
