"""The variables of providers: each has its own, and every fault is told at once."""

from __future__ import annotations

import pytest

import providers
from config import Config
from env import ConfigError
from panzoto.local.settings import as_env_file
from tests.configuration.settings import DEVELOPMENT, PRODUCTION

WORK = {
    "OAUTH_PROVIDERS": "work",
    "OAUTH_WORK_ISSUER": "https://login.example.com/tenant",
    "OAUTH_WORK_CLIENT_ID": "panzoto",
    "OAUTH_WORK_CLIENT_SECRET": "secret-of-the-client",
}


def faults(**environ: str) -> tuple[str, ...]:
    """What the start says of an environment."""
    with pytest.raises(ConfigError) as refused:
        Config.from_env(DEVELOPMENT | environ)
    return refused.value.faults


def test_a_provider_has_variables_of_its_own() -> None:
    """Each begins with the name in capitals; lists may have spaces, and `openid` is always asked for."""
    environ = WORK | {"OAUTH_WORK_SCOPES": "email, drive.readonly", "OAUTH_WORK_OFFLINE": "0"}
    (work,) = Config.from_env(PRODUCTION | environ).oauth_providers
    assert (work.name, work.issuer, work.client_id) == ("work", "https://login.example.com/tenant", "panzoto")
    assert work.scopes == ("openid", "email", "drive.readonly")
    assert not work.offline
    assert "secret-of-the-client" not in repr(work)


def test_google_needs_only_its_client() -> None:
    """Its addresses are known; without a client it is looked for where the seed keeps it."""
    google, work = Config.from_env(PRODUCTION | WORK | {"OAUTH_PROVIDERS": "Google, work,google"}).oauth_providers
    assert (google.issuer, google.secret_id) == ("https://accounts.google.com", "axnt/google-oauth")
    assert google.is_google
    assert not work.is_google
    given = {"OAUTH_PROVIDERS": "google", "OAUTH_GOOGLE_CLIENT_ID": "id"}
    (google,) = Config.from_env(PRODUCTION | given).oauth_providers
    assert (google.client_id, google.secret_id) == ("id", None)


def test_every_fault_at_once() -> None:
    """What cannot be read and what does not go together is told in one start."""
    found = faults(
        OAUTH_PROVIDERS="work,other",
        OAUTH_WORK_ISSUER="http://login.example.com",
        OAUTH_WORK_OFFLINE="perhaps",
        OAUTH_WORK_SECRET_ID="name",
        OAUTH_WORK_CLIENT_SECRET="shown-nowhere",
        OAUTH_TIMEOUT="1m",
        OAUTH_REFRESH_MARGIN="1h",
        OAUTH_APP_REDIRECTS="javascript:alert(1)",
    )
    assert [each.split()[0] for each in found] == [
        *("OAUTH_APP_REDIRECTS", "OAUTH_WORK_ISSUER", "OAUTH_WORK_OFFLINE"),
        *("OAUTH_WORK_SECRET_ID", "OAUTH_OTHER_ISSUER", "OAUTH_OTHER_CLIENT_ID"),
        *("OAUTH_TIMEOUT", "OAUTH_REFRESH_MARGIN"),
    ]
    assert "shown-nowhere" not in "".join(found)


@pytest.mark.parametrize("names", ["Work-1", "1work", "work;x", "connections", "a" * 40])
def test_names_that_are_none(names: str) -> None:
    """A name must be one that a variable and an address can have."""
    assert faults(OAUTH_PROVIDERS=names)[0].startswith("OAUTH_PROVIDERS must be")


@pytest.mark.parametrize(
    "issuer",
    [
        *("ftp://login.example.com", "https://", "login.example.com", "https://login.example.com?x=1"),
        *("https://login.example.com#x", "http://localhost.example.com", "https://user@login.example.com"),
    ],
)
def test_issuers_that_are_none(issuer: str) -> None:
    """An issuer is an https address without a query; http is for the machine itself."""
    assert faults(**(WORK | {"OAUTH_WORK_ISSUER": issuer}))[0].startswith("OAUTH_WORK_ISSUER must be")


def test_google_is_where_it_is() -> None:
    """Another address for Google is for tests on the machine itself, and for no production."""
    given = {"OAUTH_PROVIDERS": "google", "OAUTH_GOOGLE_CLIENT_ID": "id"}
    local = given | {"OAUTH_GOOGLE_ISSUER": "http://127.0.0.1:8080"}
    assert not Config.from_env(DEVELOPMENT | local).oauth_providers[0].is_google
    with pytest.raises(ConfigError, match="OAUTH_GOOGLE_ISSUER must not be the machine itself"):
        Config.from_env(PRODUCTION | local)
    assert "OAUTH_GOOGLE_ISSUER" in faults(**(given | {"OAUTH_GOOGLE_ISSUER": "https://evil.example.com"}))[0]


def test_one_issuer_is_one_provider() -> None:
    """Two names for one issuer would make two of one identity."""
    again = {name.replace("WORK", "AGAIN"): value for name, value in WORK.items() if name != "OAUTH_PROVIDERS"}
    assert faults(**(WORK | again | {"OAUTH_PROVIDERS": "work,again"}))[0].startswith("OAUTH_PROVIDERS names one")


@pytest.mark.parametrize("link", ["panzoto://oauth", "com.example.app:/oauth", "https://app.example.com/oauth"])
def test_deep_links(link: str) -> None:
    """The app's own scheme, or an address that the app has claimed."""
    assert Config.from_env(DEVELOPMENT | {"OAUTH_APP_REDIRECTS": link}).oauth_app_redirects == (link,)


@pytest.mark.parametrize(
    "link", ["http://app.example.com", "data:/x", "panzoto://oauth?x", "panzoto://o#", "panzoto:", "https://x y", "/x"]
)
def test_deep_links_that_are_none(link: str) -> None:
    """What a browser takes for its own, and what has something of its own behind it."""
    assert faults(OAUTH_APP_REDIRECTS=link)[0].startswith("OAUTH_APP_REDIRECTS must be")


@pytest.mark.parametrize("scopes", ["é", 'a"b', "a\\b"])
def test_scopes_that_are_none(scopes: str) -> None:
    """Scopes have the signs that the protocol gives them."""
    assert faults(**(WORK | {"OAUTH_WORK_SCOPES": scopes}))[0].startswith("OAUTH_WORK_SCOPES must be")


def test_commands_get_the_variables_of_providers() -> None:
    """`make run` writes them for `flask`, with those of the service."""
    written = as_env_file({**WORK, "OAUTH_STRANGE": "x"})
    assert "OAUTH_WORK_CLIENT_SECRET='secret-of-the-client'\n" in written
    assert "STRANGE" not in written
    assert "OAUTH_WORK_ISSUER" in providers.variables(providers.named("work"))
