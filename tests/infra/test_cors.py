"""What the bucket lets web pages send: all that an address asks for, or the browser refuses before S3 is asked."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from panzoto.aws.addresses import Addresses
from panzoto.aws.clients import Clients
from tests.infra.terraform import MODULES
from tests.support.configs import configured, new_account

# Browsers send them whatever a bucket says.
ALWAYS = {"content-length", "host"}


@pytest.fixture
def addresses() -> Addresses:
    """The signer of the service. Signing asks nobody."""
    config = configured(new_account(), "http://127.0.0.1:9")
    hour = timedelta(hours=1)
    return Addresses(Clients(config).s3(), config.s3_bucket, upload=hour, download=hour)


def allowed(name: str = "headers") -> set[str]:
    """What the Terraform file lets web pages send."""
    (listed,) = re.findall(rf"allowed_{name}\s*=\s*\[(.*)\]", (MODULES / "recordings.tf").read_text(encoding="utf-8"))
    return set(re.findall(r'"([^"]+)"', listed))


def signed(url: str) -> set[str]:
    """The headers without which an address does not work."""
    return set(parse_qs(urlsplit(url).query)["X-Amz-SignedHeaders"][0].split(";"))


def test_a_web_page_may_send_what_an_upload_must(addresses: Addresses) -> None:
    """Every header of an upload, and every one that is signed, is among those that the bucket allows."""
    whole = addresses.to_put("users/me/a.3gp", "a", 5, "audio/3gpp", "b" * 44)
    part = addresses.to_put_part("users/me/a.3gp", "upload", 1, 5)
    asked = {name.lower() for name in whole.headers} | signed(whole.url) | signed(part)
    assert asked - ALWAYS <= allowed()
    assert signed(addresses.to_get("users/me/a.3gp", "a.3gp")) <= ALWAYS
    assert allowed("methods") == {"GET", whole.method}


def test_a_web_page_may_have_a_part_compared() -> None:
    """`Content-MD5` of a part, which `docs/audio.md` offers, is allowed too."""
    assert "content-md5" in allowed()
