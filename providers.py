"""The providers that people sign in with: how each is declared, read from its own variables, and refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import env
import formats
from env import var

GOOGLE, GOOGLE_ISSUER = "google", "https://accounts.google.com"
# Where the seed keeps Google's client.
GOOGLE_SECRET_ID = "axnt/google-oauth"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TAKEN = frozenset({"connections", "flows"})


def issuer(value: str) -> str:
    """An issuer as OpenID Connect writes it: https, or http on the machine itself, with no query and no fragment."""
    parts = urlsplit(value)
    if parts.scheme not in {"https", "http"} or parts.query or parts.fragment or "?" in value or "#" in value:
        raise ValueError("an issuer such as https://login.example.com")
    authority = formats.url(f"{parts.scheme}://{parts.netloc}")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("an https address; http is for the machine itself")
    return f"{authority}{parts.path}"


def scopes(value: str) -> tuple[str, ...]:
    """Scopes between commas or spaces; `openid` is always one of them."""
    found = [each for each in re.split(r"[ ,]+", value) if each]
    if any(not re.fullmatch(r"[\x21\x23-\x5B\x5D-\x7E]{1,200}", each) for each in found):
        raise ValueError("scopes such as openid,email,profile")
    return tuple(dict.fromkeys(["openid", *found]))


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One provider. Each variable begins with `OAUTH_`, the name in capitals, and `_`."""

    name: str
    issuer: str = var("ISSUER", issuer, "", says="Where it is: its discovery begins there. `google` needs none.")
    client_id: str = var("CLIENT_ID", formats.text, "", says="Our client there.")
    client_secret: str | None = var("CLIENT_SECRET", formats.text, secret=True, says="The secret of that client.")
    secret_id: str | None = var(
        "SECRET_ID",
        formats.text,
        says="The name in Secrets Manager of a JSON with `client_id` and `client_secret`, in place of the two. For "
        f"`google`, where neither is set, `{GOOGLE_SECRET_ID}`.",
    )
    scopes: tuple[str, ...] = var(
        "SCOPES",
        scopes,
        ("openid", "email", "profile"),
        default_text="`openid,email,profile`",
        says="What is asked for. Add what your app does there, and no more.",
    )
    audiences: tuple[str, ...] = var(
        "AUDIENCES",
        formats.listed(formats.text),
        (),
        default_text="none",
        says="Other clients of yours there, whose id tokens sign in too: those of apps.",
    )
    offline: bool = var(
        "OFFLINE",
        formats.flag,
        True,
        says="Whether a refresh token is wanted: people are asked for consent each time, and the vault stays fresh.",
    )
    releases_tokens: bool = var(
        "RELEASES_TOKENS", formats.flag, True, says="Whether apps may have its access token from the vault."
    )

    @property
    def prefix(self) -> str:
        """How its variables begin."""
        return f"OAUTH_{self.name.upper()}_"

    @property
    def on_loopback(self) -> bool:
        """Whether it is on the machine itself, as in tests."""
        return urlsplit(self.issuer).hostname in LOOPBACK

    @property
    def is_google(self) -> bool:
        """Whether it is Google itself, whose addresses are known."""
        return self.name == GOOGLE and self.issuer == GOOGLE_ISSUER

    def faults(self, *, production: bool) -> list[str]:
        """What keeps it from working, in sentences."""
        faults = []
        if not self.issuer:
            faults.append(f"{self.prefix}ISSUER is not set; OAUTH_PROVIDERS names {self.name}.")
        if self.name == GOOGLE and self.issuer != GOOGLE_ISSUER and not self.on_loopback:
            faults.append(f"{self.prefix}ISSUER may name nothing but a machine of tests; Google is where it is.")
        if production and self.on_loopback:
            faults.append(f"{self.prefix}ISSUER must not be the machine itself in production.")
        if not self.client_id and not self.secret_id:
            faults.append(f"{self.prefix}CLIENT_ID is not set, and neither is {self.prefix}SECRET_ID.")
        if self.secret_id and (self.client_id or self.client_secret):
            faults.append(f"{self.prefix}SECRET_ID stands in for CLIENT_ID and CLIENT_SECRET; set it, or them.")
        return faults


def named(value: str) -> tuple[Provider, ...]:
    """The providers that a list names; the rest of them is in their own variables."""
    names = list(dict.fromkeys(part.lower() for part in formats.parts(value)))
    if any(not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", name) or name in TAKEN for name in names):
        raise ValueError("names of small letters and digits between commas, such as google,work")
    return tuple(Provider(name=name) for name in names)


def read(given: tuple[Provider, ...], environ: Mapping[str, str]) -> tuple[tuple[Provider, ...], list[str]]:
    """The same providers with what their variables say, and a sentence for each variable that cannot be read."""
    found, faults = [], []
    for each in given:
        values, wrong = env.read(Provider, environ, each.prefix)
        found.append(_completed(replace(each, **values)))
        faults += wrong
    return tuple(found), faults


def variables(given: tuple[Provider, ...]) -> list[str]:
    """The names of their variables."""
    return [f"{each.prefix}{field.metadata['name']}" for each in given for field in env.declared(Provider)]


def _completed(provider: Provider) -> Provider:
    """What need not be said of Google."""
    if provider.name != GOOGLE:
        return provider
    known: dict[str, Any] = {} if provider.issuer else {"issuer": GOOGLE_ISSUER}
    if not provider.client_id and not provider.secret_id:
        known["secret_id"] = GOOGLE_SECRET_ID
    return replace(provider, **known)
