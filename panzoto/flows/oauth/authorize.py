"""Somebody sets out to a provider in a browser."""

from __future__ import annotations

from dataclasses import dataclass, field

from panzoto.crypto.text import new_id
from panzoto.deps import Deps
from panzoto.errors import RedirectRefused
from panzoto.flows.client import Client
from panzoto.models.auth_state.oauth_states import Departure

from ._browser import LIFETIME, bound, browser_secret, digest
from ._steps import Steps, followed


@dataclass(frozen=True)
class Begun:
    """Where the browser goes, and the secret that it keeps meanwhile."""

    address: str
    browser: str = field(repr=False)


def authorize(
    deps: Deps, name: str, redirect_to: str | None, challenge: str | None, browser: str | None, client: Client
) -> Begun:
    """Begin a flow. With `redirect_to` it ends in the app, which proves itself by the verifier of `challenge`.

    Commit point: the departure's item. A crash after it leaves an item that nobody can use.
    """
    now = deps.clock()
    provider = deps.providers[name]
    deps.rates.charge("oauth.address", client.network, now)
    state, secret = new_id("st_"), browser_secret(browser)
    steps, flow = Steps(deps, name, client, now), bound(deps, secret, state)
    departure = Departure(
        state=digest(state),
        flow_id=steps.flow_id,
        provider=name,
        browser=digest(secret),
        expires_at=now + LIFETIME,
        redirect_to=redirect_to,
        challenge=challenge,
    )
    with followed(steps):
        if redirect_to is not None and redirect_to not in deps.config.oauth_app_redirects:
            raise RedirectRefused
        steps.add("started", to="app" if redirect_to else "browser")
        back = redirect_uri(deps, name)
        address = provider.authorization_url(now, flow.state, flow.nonce, flow.verifier, back)
        deps.oauth_states.begin(departure)
        steps.add("redirected")
    return Begun(address, secret)


def redirect_uri(deps: Deps, name: str) -> str:
    """Where a provider sends people back to: the one address that is registered there."""
    return f"{deps.config.public_url}/api/v1/oauth/{name}/callback"
