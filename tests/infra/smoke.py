"""What somebody's app asks of the service on a day: every kind of call that the service's policy is there for."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from flask.testing import FlaskClient

from panzoto.crypto.vault import Sealed
from panzoto.deps import Deps
from panzoto.flows.admin.first_admin import first_admin
from tests.accounts.conftest import PASSWORD, Clock, Service, new_email
from tests.audio.conftest import FILES
from tests.audio.sealing import got, with_password

RECORDING = b"what somebody has said"


def comes_and_goes(service: Service) -> bool:
    """Register, sign in, list recordings, ask for a code by SMS, sign out."""
    email = service.register()["email"]
    token = service.post("/login", {"email": email, "password": PASSWORD}).get_json()["token"]
    asked = [
        service.http.get(FILES, headers={"Authorization": f"Bearer {token}"}).status_code,
        service.post("/initiate-otp", {"phone_number": "+14155552671"}).status_code,
        service.post("/logout", {}, token=token).status_code,
    ]
    return asked == [200, 200, 200]


def decrypts(service: Service) -> bool:
    """Register, upload a sealed recording, and have it decrypted; then delete it."""
    owner = with_password(service, service.register(), PASSWORD)
    file_id = owner.keep_sealed(RECORDING)
    whole = got(owner.decrypt(file_id, password=PASSWORD)) == RECORDING
    return whole and owner.ask("DELETE", f"{FILES}/{file_id}").status_code == 200


def signs_in_by_link(service: Service) -> bool:
    """A magic link is sent and used; its person has no password, so that KMS keeps their audio key."""
    email = new_email()
    asked = service.post("/magic-link", {"email": email}).status_code
    signed = service.post("/magic-link/verify", {"token": service.link(email, "m")})
    return (asked, signed.status_code) == (202, 200)


def resets(service: Service) -> bool:
    """A forgotten password is set anew by the link in the mail, and the audio is given up for it."""
    email = service.register()["email"]
    asked = service.post("/password/forgot", {"email": email}).status_code
    body = {"token": service.link(email, "reset"), "new_password": f"Another{PASSWORD}", "abandon_audio": True}
    return (asked, service.post("/password/reset", body).status_code) == (202, 200)


def administers(service: Service) -> bool:
    """An administrator signs in, approves somebody, and looks at who is approved and at what was done."""
    admin = first_admin(service.deps, new_email(), PASSWORD)
    token = service.post("/login", {"email": admin.email, "password": PASSWORD}).get_json()["token"]
    bearer, approvals = {"Authorization": f"Bearer {token}"}, "/api/v1/admin/approvals"
    approved = service.http.post(approvals, json={"email": new_email()}, headers=bearer).status_code
    looked = {service.http.get(each, headers=bearer).status_code for each in (approvals, "/api/v1/admin/audit")}
    return (approved, looked) == (201, {200})


def keeps_tokens(service: Service) -> bool:
    """Tokens of another provider are sealed and opened for one person."""
    clear, user_id = secrets.token_bytes(32), f"user-{secrets.token_hex(4)}"
    sealed = service.deps.vault.sealer(user_id, "google").seal(clear)
    kept = Sealed.from_item(sealed.as_item())
    return service.deps.vault.open(kept, user_id, "google") == clear


ACTS: tuple[Callable[[Service], bool], ...] = (
    *(comes_and_goes, decrypts, signs_in_by_link, resets, administers, keeps_tokens),
)


def service_of(deps: Deps, http: FlaskClient) -> Service:
    """The service as the acts ask it."""
    assert deps.outbox is not None
    return Service(deps, Clock(), http, deps.outbox)
