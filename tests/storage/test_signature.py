"""Our signature of a request is the one that botocore makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given
from hypothesis import strategies as st

from panzoto.aws.signature import SERVICE, Signer

texts = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
moments = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ADDRESSES = [
    "http://127.0.0.1:9/",
    "https://dynamodb.eu-west-1.amazonaws.com/",
    "https://h:443/a%20b/../c/",
    "http://[::1]:8000/",
]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)


@given(
    st.lists(st.tuples(texts, texts, st.none() | texts, moments, st.binary(max_size=99)), min_size=1, max_size=4),
    st.sampled_from(ADDRESSES),
    st.sampled_from(["us-east-1", "eu-west-1"]),
)
@example([("a", "s", None, NOON, b""), ("a", "s", None, LATER, b"")], ADDRESSES[0], "us-east-1")
@example(
    [("a", "s", "t", NOON, b""), ("b", "s", "t", NOON, b""), ("b", "S", "t", NOON, b"")], ADDRESSES[1], "eu-west-1"
)
def test_the_signature_is_botocores(calls: list[tuple[Any, ...]], url: str, region: str) -> None:
    """Whoever signs, and whenever: a day later, with other credentials, or with those of a role."""
    signer = Signer(url, region)
    for access, secret, token, at, body in calls:
        credentials = Credentials(access, secret, token)
        ours = signer.headers("DynamoDB_20120810.GetItem", body, at, credentials.get_frozen_credentials())
        theirs = AWSRequest("POST", url, data=body)
        for name in ("Content-Type", "X-Amz-Target"):
            theirs.headers[name] = ours[name]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("botocore.auth.get_current_datetime", lambda at=at: at)
            SigV4Auth(credentials, SERVICE, region).add_auth(theirs)
        assert {name: ours[name] for name in theirs.headers} == dict(theirs.headers.items())
