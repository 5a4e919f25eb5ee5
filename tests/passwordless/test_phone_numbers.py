"""Phone numbers: one claim for each, however it is written, and as strict as the operator wants it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config import Config
from env import ConfigError
from panzoto.deps import Deps, build
from panzoto.errors import CountryNotServed, InvalidRequest
from panzoto.flows._phones import normal_phone
from tests.configuration.settings import DEVELOPMENT
from tests.support.configs import configured
from tests.support.numbers import new_phone

from .conftest import Service, asked

SEEDS = "+1234567890"
UNASSIGNED, LANDLINE, MOBILE, EITHER = "+12345678", "+442079460000", "+447400123456", "+14155552671"


def stands_on(**changes: object) -> Deps:
    """What a flow stands on, with a configuration and nothing to reach."""
    return build(configured("111111111111", "http://127.0.0.1:9", **changes))


@pytest.fixture(scope="module")
def anywhere() -> Deps:
    """The default: every number that looks like one, in every country."""
    return stands_on()


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+290 1234", "+2901234"),
        (SEEDS, SEEDS),
        ("+14155552671", EITHER),
        ("  +1 (415) 555-2671\n", EITHER),
        ("+1.415.555.2671", EITHER),
        ("+1/415/555 2671", EITHER),
        ("+1\u00a0415\u00a0555\u00a02671", EITHER),
        ("+1 1 415 555 2671", EITHER),
        ("+44 (0)20 7946 0000", LANDLINE),
        ("+49 (0) 151 23456789", "+4915123456789"),
        ("+54 11 15 2345 6789", "+5491123456789"),
        ("+39 06 123456", "+3906123456"),
    ],
)
def test_one_form(anywhere: Deps, written: str, number: str) -> None:
    """Whatever stands between the digits, and whatever is said twice, the number is one, in E.164."""
    assert normal_phone(anywhere, written).number == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "+",
        "14155552671",
        "0014155552671",
        "(415) 555-2671",
        "+1415555267a",
        "+1-800-FLOWERS",
        "+1415555\x002671",
        "+1415555\n2671",
        "\uff0b14155552671",
        "+1415555267\uff11",
        "+\u0661\u0664\u0661\u0665\u0665\u0665\u0665\u0662\u0666\u0667\u0661",
        "+14155552671;ext=5",
        "+14155552671 ext. 5",
        "tel:+14155552671",
        "++14155552671",
        "+1+14155552671",
        "+0123456789",
        "+999123456789",
        "+141555526711234567",
        "+1 (((((((((((((((((((((((((((((((((((((((((((",
        "+1415" + "5" * 10_000,
        "+       ",
        "+1415555--------------------------------------2671",
        "'; DROP TABLE users; --",
        "+14155552671#",
        "+1415555267*",
    ],
)
def test_what_is_no_number(anywhere: Deps, written: str) -> None:
    """It is refused with a sentence that repeats nothing of it."""
    with pytest.raises(InvalidRequest) as refused:
        normal_phone(anywhere, written)
    assert str(refused.value) == ("The request is not valid: phone_number is not a phone number such as +14155552671.")
    assert [each["field"] for each in refused.value.details] == ["phone_number"]


@given(st.from_regex(re.compile(r"\+[0-9 ().\-/]{6,40}"), fullmatch=True))
@example("+44 00938257004680")
@example("+38900193667482824")
@example("+3730092140206022")
def test_every_number_has_one_form(anywhere: Deps, written: str) -> None:
    """What is accepted is E.164, and is its own form: there are never two claims for ways of writing one phone."""
    try:
        phone = normal_phone(anywhere, written)
    except InvalidRequest:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{6,14}", phone.number, re.ASCII)
    assert normal_phone(anywhere, phone.number) == phone


@given(st.text(max_size=64))
def test_whatever_is_sent(anywhere: Deps, written: str) -> None:
    """No text does more than be refused."""
    try:
        assert normal_phone(anywhere, written).number.startswith("+")
    except InvalidRequest:
        return


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        ("e164", {SEEDS, UNASSIGNED, LANDLINE, MOBILE, EITHER}),
        ("possible", {UNASSIGNED, LANDLINE, MOBILE, EITHER}),
        ("valid", {LANDLINE, MOBILE, EITHER}),
        ("mobile", {MOBILE, EITHER}),
    ],
)
def test_as_strict_as_is_wanted(wanted: str, taken: set[str]) -> None:
    """PHONE_NUMBERS goes from all that look like a number, the seed's too, to mobile ones."""
    deps = stands_on(phone_numbers=wanted)
    for written in (SEEDS, UNASSIGNED, LANDLINE, MOBILE, EITHER):
        if written in taken:
            assert normal_phone(deps, written).number == written
        else:
            with pytest.raises(InvalidRequest):
                normal_phone(deps, written)


@pytest.mark.parametrize(
    ("written", "country"),
    [
        (EITHER, "US"),
        ("+16135550123", "CA"),
        ("+18765551234", "JM"),
        (SEEDS, "US"),
        (MOBILE, "GB"),
        ("+4915123456789", "DE"),
        ("+88213312345678", "001"),
    ],
)
def test_countries(anywhere: Deps, written: str, country: str) -> None:
    """Countries that share a code are told apart where the number says which; otherwise it is the code's first."""
    assert normal_phone(anywhere, written).country == country
    served = replace(anywhere, config=replace(anywhere.config, sms_countries=("US", "DE")))
    if country in {"US", "DE"}:
        assert normal_phone(served, written).country == country
    else:
        with pytest.raises(CountryNotServed):
            normal_phone(served, written)


def test_the_configuration_reads_countries() -> None:
    """SMS_COUNTRIES takes two letters each, large or small, and refuses what is no country."""
    assert Config.from_env({**DEVELOPMENT, "SMS_COUNTRIES": "us, de"}).sms_countries == ("US", "DE")
    for wrong in ("USA", "XX", "1", "U"):
        with pytest.raises(ConfigError, match="SMS_COUNTRIES"):
            Config.from_env({**DEVELOPMENT, "SMS_COUNTRIES": wrong})
    with pytest.raises(ConfigError, match="PHONE_NUMBERS"):
        Config.from_env({**DEVELOPMENT, "PHONE_NUMBERS": "all"})


def test_a_country_that_is_not_served(service_for: Callable[..., Service]) -> None:
    """422, and nothing is sent, charged or kept, whichever way asks; the countries that are served go on."""
    service = service_for(sms_countries=("US",))
    token = service.register()["token"]
    for path, body in (
        ("/initiate-otp", {}),
        ("/verify-otp", {"otp": "123456"}),
        ("/phone", {}),
        ("/phone/verify", {"otp": "123456"}),
    ):
        response = service.post(path, {"phone_number": MOBILE, **body}, token=token)
        assert (response.status_code, response.get_json()["code"]) == (422, "country_not_served")
    assert service.mails(MOBILE) == []
    assert len(asked(service, new_phone())) == 6


def test_a_number_that_is_refused_costs_nothing(service: Service) -> None:
    """What is no number is refused before anything is read, written or charged."""
    for _ in range(30):  # more than an address may ask
        response = service.post("/initiate-otp", {"phone_number": "+1415"})
        assert (response.status_code, response.get_json()["code"]) == (400, "invalid_request")
        assert response.get_json()["details"][0]["field"] == "phone_number"
