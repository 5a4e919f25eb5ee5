"""Whatever a client sends, it hears a sentence, a code and an id, and never a 500."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from panzoto.errors import InvalidRequest
from panzoto.web.application import Application
from panzoto.web.schemas import Shape, refuse_invalid
from panzoto.web.shapes.oauth import Authorize
from panzoto.web.shapes.passwordless import VerifyLink, VerifyOtp

from .conftest import error_of

AppFor = Callable[..., Application]

NOTES = "/try/notes"
WISHES = "/try/wishes"
JSON = "application/json"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not valid JSON"),
        (b"{", "line 1, column 2"),
        (b'{"text": "a",}', "not valid JSON"),
        (b"[1, 2]", "not a list"),
        (b"3", "not a number"),
        (b"3.5", "not a number"),
        (b"true", "not true or false"),
        (b"null", "not null"),
        (b'"text"', "not text"),
        (b'"{\\"text\\": \\"a\\"}"', "not text"),
        (b'{"text": "\\ud800"}', "not valid JSON"),
        (b'{"text": "\xff\xfe"}', "not valid JSON"),
        (b'{"text": "a\x00b"}', "not valid JSON"),
        (b'{"text": NaN}', "not valid JSON"),
        (b"[" * 100_000, "larger"),
        (b"[" * 5_000, "not valid JSON"),
    ],
)
def test_what_is_not_a_json_object_is_refused(client: FlaskClient, body: bytes, says: str) -> None:
    """A body that is no JSON object is refused, with what it is instead."""
    response = client.post(NOTES, data=body, content_type=JSON)
    assert response.status_code == (413 if says == "larger" else 400)
    assert error_of(response)["code"] == ("body_too_large" if says == "larger" else "malformed_json")
    assert says in error_of(response)["error"]


def test_a_wrong_secret_and_a_wrong_query_are_told_in_words() -> None:
    """A secret has characters, whatever pydantic calls them; what a query lacks as a whole is no fault of a body."""
    for secret, says in (("123", "at least 4 characters"), ("1" * 13, "at most 12 characters")):
        with pytest.raises(InvalidRequest, match=f"^The request is not valid: otp must have {says}.$"):
            _invalid(VerifyOtp, phone_number="+14155552671", otp=secret)
    with pytest.raises(InvalidRequest, match="the query must have redirect_to and code_challenge, or neither"):
        _invalid(Authorize, redirect_to="panzoto://oauth")
    with pytest.raises(InvalidRequest, match="the body must have either token"):
        _invalid(VerifyLink)


def _invalid(shape: type[Shape], **given: str) -> None:
    """What a client hears of these fields."""
    try:
        shape(**given)
    except ValidationError as fault:
        refuse_invalid(fault)


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        ({}, "text", "is missing"),
        ({"text": 3}, "text", "should be a valid string"),
        ({"text": None}, "text", "should be a valid string"),
        ({"text": ["a"]}, "text", "should be a valid string"),
        ({"text": "a", "count": "3"}, "count", "should be a valid integer"),
        ({"text": "a", "count": 1.0}, "count", "should be a valid integer"),
        ({"text": "a", "count": True}, "count", "should be a valid integer"),
        ({"text": "a", "tags": "b"}, "tags", "should be a valid list"),
        ({"text": "a", "tags": ["b", 1]}, "tags.1", "should be a valid string"),
        ({"text": "a", "role": "admin"}, "role", "is not known here"),
        ({"text": "a\0b"}, "text", "NUL"),
        ({"text": "a", "tags": ["b\0"]}, "tags", "NUL"),
        ({"text": "a", "meta": {"b\0": "c"}}, "meta", "NUL"),
        ({"text": "a", "no\0name": 1}, "no", "NUL"),
    ],
)
def test_each_wrong_field_is_named(client: FlaskClient, body: dict[str, Any], field: str, problem: str) -> None:
    """A field of a wrong type, an unknown field or a NUL in a text is refused by name."""
    response = client.post(NOTES, json=body)
    assert response.status_code == 400
    error = error_of(response)
    assert error["code"] == "invalid_request"
    assert field in error["error"]
    assert error["details"][0]["field"].startswith(field)
    assert problem in error["details"][0]["problem"]


def test_all_wrong_fields_are_named_at_once(client: FlaskClient) -> None:
    """Whoever sends three wrong fields is told of three."""
    response = client.post(NOTES, json={"count": "x", "tags": 1})
    assert {each["field"] for each in error_of(response)["details"]} == {"text", "count", "tags"}


def test_what_was_sent_is_not_repeated(client: FlaskClient) -> None:
    """An error does not hold the value: it may be a password."""
    response = client.post(NOTES, json={"text": {"password": "hunter2"}, "extra": "hunter2"})
    assert response.status_code == 400
    assert b"hunter2" not in response.data


def test_a_body_must_say_that_it_is_json(client: FlaskClient) -> None:
    """A form or a text is refused as such."""
    response = client.post(NOTES, data="text=a", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 415
    assert error_of(response)["code"] == "not_json"


def test_a_delete_needs_no_body(client: FlaskClient) -> None:
    """Proxies and clients drop the body of a DELETE: without one it says nothing, and with one it is read as any."""
    assert client.delete(WISHES).get_json() == {"why": None}
    assert client.delete(WISHES, json={"why": "old"}).get_json() == {"why": "old"}
    assert client.delete(WISHES, data="why=old").status_code == 415
    assert client.delete(WISHES, data="", content_type="application/json").status_code == 400
    assert client.post(NOTES).status_code == 415


def test_a_good_body_arrives_as_it_was_sent(client: FlaskClient) -> None:
    """Unicode, escapes and the largest whole numbers come through unchanged."""
    sent = {"text": "žlutý 🐎 \u0001 \\u0000", "count": 2**63 - 1, "tags": [""], "meta": {"": ""}}
    assert client.post(NOTES, json=sent).get_json() == sent


@pytest.mark.parametrize("size", [65_537, 1_000_000])
def test_a_body_over_the_limit_is_refused(client: FlaskClient, size: int) -> None:
    """A body over MAX_BODY_BYTES is refused before it is read whole."""
    response = client.post(NOTES, data=b'{"text": "' + b"a" * size + b'"}', content_type=JSON)
    assert response.status_code == 413
    assert error_of(response)["code"] == "body_too_large"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/health/", 404, "not_found"),
        ("GET", "/api/docs/../../config.py", 404, "not_found"),
        ("GET", "/api/docs/js/other.js", 404, "not_found"),
        ("GET", "/static/../config.py", 404, "not_found"),
        ("GET", "/dev/outbox", 404, "not_found"),
        ("POST", "/api/health", 405, "method_not_allowed"),
        ("DELETE", NOTES, 405, "method_not_allowed"),
        ("TRACE", "/api/health", 405, "method_not_allowed"),
    ],
)
def test_wrong_addresses_and_methods(client: FlaskClient, method: str, path: str, status: int, code: str) -> None:
    """What is not there is 404, and what does not answer to a method is 405 and says to which it does."""
    response = client.open(path, method=method)
    assert response.status_code == status
    assert error_of(response)["code"] == code
    assert ("Allow" in response.headers) == (status == 405)


@pytest.mark.parametrize("query", ["limit=x", "limit=1.5", "limit=", "limit=1%00", "other=1", "limit=%ff"])
def test_a_wrong_query_is_refused(client: FlaskClient, query: str) -> None:
    """A query is validated like a body."""
    response = client.get(f"/try/list?{query}")
    assert response.status_code == 400
    assert error_of(response)["code"] == "invalid_request"


def test_a_right_query_is_read(client: FlaskClient) -> None:
    """Numbers in a query are read from their text."""
    assert client.get("/try/list?limit=7").get_json() == {"limit": 7}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_answered(client: FlaskClient, body: bytes) -> None:
    """Whatever bytes come as a body, the answer is a refusal of ours, or the note that they were."""
    response = client.post(NOTES, data=body, content_type=JSON)
    assert response.status_code in {200, 400}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port", "Forwarded", "X-Real-Ip"]),
        st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60),
    )
)
def test_any_forwarded_header_is_answered(app_for: AppFor, headers: dict[str, str]) -> None:
    """Whatever headers of proxies say, the answer is that of a request without them."""
    client = app_for(trusted_proxies=1).test_client()
    assert client.get("/try/list?limit=7", headers=headers).get_json() == {"limit": 7}


def test_a_defect_is_a_bare_500(client: FlaskClient) -> None:
    """A defect of ours tells the client nothing but the id that finds it in the logs."""
    response = client.get("/try/defect")
    assert response.status_code == 500
    assert error_of(response)["code"] == "internal"
    assert b"broke" not in response.data


def test_an_error_says_when_to_come_back(client: FlaskClient) -> None:
    """Busy is 503 with Retry-After."""
    response = client.get("/try/busy")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "7")
    assert error_of(response)["code"] == "busy"


def test_a_conflict_is_409(client: FlaskClient) -> None:
    """A lost race is 409."""
    response = client.get("/try/conflict")
    assert (response.status_code, error_of(response)["code"]) == (409, "conflict")


@pytest.mark.parametrize("depth", [50, 400, 1000])
def test_a_deep_body_is_refused_like_any_other(client: FlaskClient, depth: int) -> None:
    """However deep an unknown field is nested, it is an unknown field, and a NUL at its bottom is found."""
    for inner, says in ((b"", "is not known here"), (b'"\\u0000"', "NUL")):
        body = b'{"text": "a", "z": ' + b"[" * depth + inner + b"]" * depth + b"}"
        response = client.post(NOTES, data=body, content_type=JSON)
        assert response.status_code == 400
        assert says in response.get_json()["error"]


def test_a_long_name_is_not_sent_back_whole(client: FlaskClient) -> None:
    """An unknown field of sixty thousand characters makes no answer of that size."""
    assert len(client.post(NOTES, json={"text": "a", "x" * 60_000: 1}).data) < 2_000
