"""Somebody makes an account."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from ipaddress import ip_network
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limits import changed as limits_of
from panzoto.crypto import keys
from panzoto.crypto.recovery import recovery_wrapping_key
from panzoto.errors import InvalidRequest
from panzoto.flows._addresses import _looked_at, normal_email
from panzoto.flows.client import Client

from .conftest import PASSWORD, Service, new_email


def test_the_seeds_example_works(service: Service) -> None:
    """The seed's body is answered with 201 and the seed's fields, at the old address and the new."""
    body = {"email": "test@example.com", "password": PASSWORD}
    response = service.http.post("/api/register", json=body)
    assert response.status_code == 201
    answer = response.get_json()
    assert {"token", "user_id", "key_salt", "user"} <= set(answer)
    assert len(bytes.fromhex(answer["key_salt"])) == 32
    assert answer["user"]["email"] == "test@example.com"
    assert answer["user"]["user_id"] == answer["user_id"]
    taken = service.post("/register", body)
    assert (taken.status_code, taken.get_json()["error"]) == (409, "User already exists")


def test_a_registration_signs_in(service: Service) -> None:
    """Its tokens work at once, and say how long."""
    me = service.register(name="Ann")
    assert (me["token_type"], me["expires_in"]) == ("Bearer", 900)
    seen = service.get("/me", token=me["token"]).get_json()["user"]
    assert (seen["email"], seen["name"], seen["email_verified"], seen["roles"]) == (me["email"], "Ann", False, [])


def test_the_audio_key_opens_by_password_and_by_recovery_key(service: Service) -> None:
    """What the app gets is enough to unwrap the audio key, by either way, to the same 32 bytes."""
    me = service.register()
    user = service.deps.users.find(me["user_id"])
    assert user is not None
    assert user.audio_key is not None
    derived = service.deps.password_keys.derive(PASSWORD, bytes.fromhex(me["key_salt"]), me["kdf"])
    by_password = keys.unwrap(me["wrapped_audio_key"], derived, me["user_id"])
    recovery = recovery_wrapping_key(me["recovery_key"].lower().replace("-", " "), me["user_id"])
    assert keys.unwrap(user.audio_key.wrapped_for_recovery, recovery, me["user_id"]) == by_password
    assert len(by_password) == 32


def test_the_recovery_key_is_shown_once(service: Service) -> None:
    """No later answer has it, and no item holds it."""
    me = service.register()
    again = service.post("/login", {"email": me["email"], "password": PASSWORD}).get_json()
    assert "recovery_key" not in again
    assert again["wrapped_audio_key"] == me["wrapped_audio_key"]
    item = service.deps.users.get({"user_id": me["user_id"]})
    assert me["recovery_key"] not in str(item)
    assert PASSWORD not in str(item)


def test_the_item_is_the_seeds(service_for: Callable[..., Service]) -> None:
    """The item of a person has the seed's attributes, in the seed's forms, and OWASP's first profile by default."""
    service = service_for(argon2_memory_kib=47104, argon2_iterations=1)
    me = service.register()
    item = service.deps.users.get({"user_id": me["user_id"]})
    assert item is not None
    assert {"user_id", "email", "password_hash", "key_salt", "created_at", "created_at_iso"} <= set(item)
    assert b64decode(item["key_salt"]).hex() == me["key_salt"]
    assert item["password_hash"].startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert isinstance(item["created_at"], int)


@pytest.mark.parametrize(
    ("first", "same"),
    [
        ("ann{}@example.com", "ANN{}@EXAMPLE.COM"),
        ("ann{}@example.com", "  ann{}@example.com "),
        ("žluť{}@example.com", "ŽLUŤ{}@example.com"),
        ("zlu\u0165{}@example.com", "zlut\u030c{}@example.com"),
        ("ann{}@bücher.example", "ann{}@xn--bcher-kva.example"),
        ("ann{}@example.com", "ann{}@\uff25\uff38\uff21\uff2d\uff30\uff2c\uff25.com"),
    ],
)
def test_one_email_is_one_account_however_it_is_written(service: Service, first: str, same: str) -> None:
    """Case, composition, script of the domain and spaces around make no second account, and sign in to the first."""
    tail = new_email()[4:10]
    service.register(first.format(tail))
    again = service.post("/register", {"email": same.format(tail), "password": PASSWORD})
    assert again.status_code == 409
    assert service.post("/login", {"email": same.format(tail), "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize(
    "email",
    [
        *("", "ann", "ann@", "@example.com", "ann@example", "a b@example.com", "ann@exa mple.com", "ann@@example.com"),
        *("ann@example.com\r\nBcc: x@y.z", "a" * 65 + "@example.com", "ann@" + "a" * 260 + ".com"),
        *("ann@[127.0.0.1]", "<ann@example.com>", "Ann <ann@example.com>", "ann@-example.com", "ann..b@example.com"),
    ],
)
def test_what_is_no_email_is_refused(service: Service, email: str) -> None:
    """An address that no mail could reach is refused with the field's name."""
    response = service.post("/register", {"email": email, "password": PASSWORD})
    assert response.status_code == 400
    assert response.get_json()["details"][0]["field"] == "email"


@pytest.mark.parametrize("password", ["short", "a" * 7, "password", "12345678", "Panzoto1", "aaaaaaaaaaaa", "a" * 257])
def test_weak_passwords_are_refused_with_a_reason(service: Service, password: str) -> None:
    """Too short, too common, too plain, too long: each hears why."""
    response = service.post("/register", {"email": new_email(), "password": password})
    assert response.status_code == 400
    assert response.get_json()["code"] == "weak_password"


def test_a_password_made_of_the_email_is_refused(service: Service) -> None:
    """What everybody knows of a person is no secret."""
    response = service.post("/register", {"email": "marguerite@example.com", "password": "Marguerite1"})
    assert response.get_json()["code"] == "weak_password"


@pytest.mark.parametrize(
    "password", ["ab cd ef gh", "žluťoučký kůň", "🐎🐍" * 8, "x" * 64 + "é" * 64, " leading and trailing "]
)
def test_any_other_password_is_taken_exactly_as_typed(service: Service, password: str) -> None:
    """Spaces, any script and 128 characters are fine, and nothing of it is trimmed or folded."""
    me = service.register(password=password)
    assert service.post("/login", {"email": me["email"], "password": password}).status_code == 200
    for other in (password.strip() + "!", password.upper() + "x", password[:-1]):
        assert service.post("/login", {"email": me["email"], "password": other}).status_code == 401


def test_missing_fields_are_named(service: Service) -> None:
    """The seed's 400 for a missing email or password."""
    for body in ({}, {"email": new_email()}, {"password": PASSWORD}, {"email": None, "password": None}):
        assert service.http.post("/api/register", json=body).status_code == 400
        assert service.http.post("/api/login", json=body).status_code == 400


def test_nobody_makes_themselves_an_administrator(service: Service) -> None:
    """Fields that are not asked for are refused, roles above all."""
    body = {"email": new_email(), "password": PASSWORD, "roles": ["admin"]}
    assert service.post("/register", body).status_code == 400


def test_a_quiet_service_does_not_tell_who_has_an_account(service_for: Callable[..., Service]) -> None:
    """With PREVENT_ENUMERATION a known and an unknown email get the same answer, and different mails."""
    service = service_for(prevent_enumeration=True)
    email = new_email()
    first = service.post("/register", {"email": email, "password": PASSWORD})
    again = service.post("/register", {"email": email, "password": "another fine one 12"})
    assert (
        (first.status_code, first.get_json())
        == (again.status_code, again.get_json())
        == (202, {"status": "check_your_mail"})
    )
    subjects = [each["subject"] for each in service.mails(email)]
    assert len(set(subjects)) == 2
    for password in (PASSWORD, "another fine one 12"):  # before the link was followed, a sign-in tells nothing either
        assert service.post("/login", {"email": email, "password": password}).status_code == 401
    assert service.post("/email/verify", {"token": service.link(email, "verify")}).status_code == 200
    signed_in = service.post("/login", {"email": email, "password": PASSWORD}).get_json()
    assert signed_in["recovery_key"]
    assert signed_in["wrapped_audio_key"]
    assert service.post("/login", {"email": email, "password": "another fine one 12"}).status_code == 401


def test_quiet_registrations_from_one_address_are_limited(service_for: Callable[..., Service]) -> None:
    """Nobody has one mail sent after the other, or one password after the other hashed."""
    service = service_for(prevent_enumeration=True, rate_limits=limits_of("register.address=2/1h"))
    bodies = [{"email": new_email(), "password": PASSWORD} for _ in range(3)]
    assert [service.post("/register", body).status_code for body in bodies] == [202, 202, 429]
    assert service.mails(bodies[2]["email"]) == []


def test_registrations_from_one_address_are_limited(service_for: Callable[..., Service]) -> None:
    """Over the limit the answer is 429 and says when to come back."""
    service = service_for(rate_limits=limits_of("register.address=2/1h"))
    service.register()
    service.register()
    response = service.post("/register", {"email": new_email(), "password": PASSWORD})
    assert (response.status_code, response.get_json()["code"]) == (429, "rate_limited")
    assert 0 < int(response.headers["Retry-After"]) <= 3600
    service.clock.pass_by(hours=1)
    service.register()


@pytest.mark.parametrize(
    ("email", "kept"),
    [
        ("Ann@fa\u00df.de", "ann@fa\u00df.de"),
        ("STRA\u00dfE@example.com", "stra\u00dfe@example.com"),
        ("a@xn--fa-hia.de", "a@fa\u00df.de"),
    ],
)
def test_no_letter_becomes_another(email: str, kept: str) -> None:
    """Small letters are no other letters: the domain and the mailbox of somebody else stay theirs."""
    assert normal_email(email) == kept


LOCALS = ("a", "ann.b_c+d-e", "a..b", ".a", "a.", "-a", "a" * 64, "a" * 65, "A", "\u00e4", "a b", "0", '"a"', "a'b", "")
DOMAINS = (
    *("example.com", "a-b.example.co.uk", "x", "localhost", "a.test", "1.2.3.4", "a..com", "-a.com", "a-.com", "a.c"),
    *("ab--c.com", "xn--fa-hia.de", "xn--zz.de", "a.123", "example.com.", "b\u00fccher.de", "Example.com", ""),
    *(f"{'a' * 63}.com", f"{'a' * 64}.com", f"{'a' * 60}.{'b' * 60}.com", ".".join(["a" * 60] * 4), "a.com@b.com"),
)


def test_ordinary_addresses_keep_all_rules() -> None:
    """What is read the short way is what the whole look at it says: taken or refused, and in the same form."""
    for local, domain in product(LOCALS, DOMAINS):
        email = f"{local}@{domain}"
        assert said(normal_email, email) == said(_looked_at, email), email


def said(read: Callable[[str], str], email: str) -> str:
    """The form of an email, or that it is none."""
    try:
        return read(email)
    except InvalidRequest:
        return "refused"


def test_mail_to_one_owner_is_limited(service_for: Callable[..., Service]) -> None:
    """Whoever keeps registering with somebody's email does not fill their mailbox."""
    service = service_for(prevent_enumeration=True)
    email = new_email()
    for _ in range(6):
        assert service.post("/register", {"email": email, "password": PASSWORD}).status_code == 202
    assert len(service.mails(email)) == 1 + 3


def test_networks_are_limited_whole() -> None:
    """IPv6 gives everybody more addresses than a limit could count: it counts by the customer's network."""
    networks = [
        Client(each, "", "en").network for each in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1")
    ]
    assert networks[0] == networks[1] != networks[2]
    assert [Client(each, "", "en").network for each in ("203.0.113.9", "::ffff:203.0.113.9")] == ["203.0.113.9"] * 2
    assert Client("unknown", "", "en").network == "unknown"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9:55123", "203.0.113.9"),
        ("[2001:db8:1:2::5]:443", "2001:db8:1:2::/64"),
        ("[fe80::1%eth0]:443", "fe80::/64"),
        ("[::ffff:203.0.113.9]:1", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_a_proxy_that_adds_a_port_opens_no_way_around_limits(address: str, network: str) -> None:
    """Load balancers may be told to say the port too: each connection would be counted by itself."""
    assert Client(address, "", "en").network == network


@given(st.one_of(st.text(max_size=60), st.from_regex(r"\[?[0-9a-f.:%]{0,40}\]?(:[0-9]{0,6})?", fullmatch=True)))
def test_any_address_has_a_network(address: str) -> None:
    """Whatever a proxy says, it is counted by something; an address of IPv4 or IPv6 by no more than itself."""
    network = Client(address, "", "en").network
    assert network == address or ip_network(network)
