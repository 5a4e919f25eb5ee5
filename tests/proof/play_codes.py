"""A phone's code: so many guesses and no more, of the right ones one winner, and never a second person."""

from __future__ import annotations

from functools import partial

from panzoto.errors import CodeRejected, CodeSpent
from panzoto.flows.verify_otp import verify_otp
from panzoto.models.auth_state.otps import SIGN_IN, Otp
from tests.proof.play import Play, calm, values
from tests.proof.stage import Outcome
from tests.proof.standing import Standing
from tests.support.numbers import new_phone
from tests.support.phones import HERE

MOST_GUESSES = 2


def phone_code(on: Standing) -> Play:
    """Two right guesses and a wrong one, of which two are looked at."""
    deps, phone = on.deps, new_phone()
    code = sent(on, phone)
    wrong = f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"

    def check(outcomes: list[Outcome]) -> None:
        won = values(outcomes)
        item = deps.otps.get({"PK": f"OTP#{phone}", "SK": "METADATA"})
        assert item["Attempts"] <= MOST_GUESSES, "more guesses were looked at than are allowed"
        assert len(won) <= 1, "a code was used twice"
        assert not outcomes[2].done, "a wrong code signed somebody in"
        assert all(isinstance(each.refusal, CodeRejected | CodeSpent) for each in outcomes if each.refusal)
        claim = deps.phones.find(phone)
        assert bool(item.get("Used")) == (claim is not None), "a code was spent and made nobody, or the reverse"
        assert not won or item.get("Used"), "a code that signed somebody in works on"
        if claim:
            user = deps.users.find(claim["user_id"])
            assert user is not None, "a claim is an orphan"
            assert user.phone == phone
            assert all(each.user.user_id == user.user_id for each in won)
        elif calm(outcomes):
            assert item["Attempts"] == MOST_GUESSES, "a right code was refused with guesses left"
        verify_otp(deps, phone, sent(on, phone), None, HERE)

    return Play([partial(verify_otp, deps, phone, each, None, HERE) for each in (code, code, wrong)], check)


def sent(on: Standing, phone: str) -> str:
    """A new code, as a phone would have got it."""
    deps, now = on.deps, on.service.clock()
    delay = deps.config.otp_resend_delay
    code: str = deps.codes.new()
    otp = Otp(
        phone=phone,
        purpose=SIGN_IN,
        device=None,
        created_at=now,
        expires_at=now + deps.config.otp_expiry,
        hash=deps.codes.hash(phone, code),
    )
    deps.otps.issue(otp, delay * 0, now)
    return code
