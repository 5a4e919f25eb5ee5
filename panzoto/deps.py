"""What the flows stand on, wired in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from panzoto.aws.clients import Clients
from panzoto.crypto.cursors import Cursors
from panzoto.crypto.digests import derived_key
from panzoto.crypto.passwords import Passwords
from panzoto.local.outbox import Outbox
from panzoto.models.auth_state.emails import EmailClaims
from panzoto.models.gateway import Gateway
from panzoto.models.users import Users

if TYPE_CHECKING:
    from config import Config


def now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Deps:
    """Everything that a flow may touch."""

    config: Config
    clients: Clients
    gateway: Gateway
    clock: Callable[[], datetime]
    passwords: Passwords
    users: Users
    emails: EmailClaims
    outbox: Outbox | None


def build(config: Config, *, operator: bool = False) -> Deps:
    """The real things, as `config` describes them. `operator` permits what only a command may do, such as scans."""
    clients = Clients(config)
    gateway = Gateway(
        clients.dynamodb(),
        Cursors(derived_key(config.secret_key, "cursor/v1")),
        deadline=config.dynamodb_deadline.total_seconds(),
        attempt=clients.attempt_seconds,
        operator=operator,
    )
    return Deps(
        config=config,
        clients=clients,
        gateway=gateway,
        clock=now,
        passwords=Passwords(),
        users=Users(gateway, config.users_table),
        emails=EmailClaims(gateway, config.auth_state_table),
        outbox=Outbox(config.outbox_url) if config.outbox_url else None,
    )
