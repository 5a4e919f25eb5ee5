"""Whatever happens to a session, in whatever order: a phone on a bad network stays signed in, a thief never does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from botocore.exceptions import EndpointConnectionError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support import border
from tests.support.effort import tries
from tests.support.phones import person, signed_in

from .conftest import PASSWORD, Service, new_email

GRACE, IDLE, ABSOLUTE = timedelta(seconds=60), timedelta(hours=20), timedelta(hours=48)
ACCESS = timedelta(minutes=15)
# Within the grace, on its edge, past it, past an access token, past the idle time.
WITHIN = st.sampled_from([0, 1, 30, 59])
DEVICES = st.sampled_from([None, "phone"])
PAUSES = st.sampled_from([1, 30, 59, 60, 61, 300, 901, 3600, 12 * 3600, 20 * 3600 - 1, 20 * 3600])
UNREACHABLE = border.fails(EndpointConnectionError(endpoint_url="http://store"))
FAULTS = {
    "unreachable": UNREACHABLE,
    "lost": border.lost,
    "broken": border.refuses("InternalServerError", 500),
    "busy": border.refuses("ProvisionedThroughputExceededException"),
}


class Expected:
    """What design §4 says of a session, in as few words as code allows."""

    def __init__(self, now: datetime) -> None:
        self.newest, self.rotated, self.ends, self.ended = 0, now, now + ABSOLUTE, False

    def lives(self, now: datetime) -> bool:
        """Whether the session has neither been ended nor come to its absolute end."""
        return not self.ended and now < self.ends

    def rotates(self, turn: int, now: datetime) -> bool:
        """Whether that turn's token would be replaced, if it came from the right device."""
        return self.lives(now) and turn == self.newest and now < self.rotated + IDLE

    def refreshes(self, turn: int, now: datetime, *, at_home: bool = True) -> bool:
        """Whether that turn's token is answered with its child; what is older ends the session, wherever it is used."""
        if self.rotates(turn, now):
            if at_home:
                self.newest, self.rotated = turn + 1, now
            return at_home
        if not self.lives(now) or turn == self.newest:
            return False
        if turn == self.newest - 1 and now < self.rotated + GRACE:
            return at_home
        self.ended = True
        return False


def goes_on(session: Session) -> bool:
    """Whether the newest token of the session would be answered."""
    return session.expected.rotates(session.expected.newest, session.clock.now)


alive = precondition(goes_on)


class Session(RuleBasedStateMachine):
    """A phone, a thief, a bad network, an unreliable store, and time."""

    def __init__(self, service: Service, store: border.Border, password_hash: str) -> None:
        super().__init__()
        self.service, self.store, self.clock, self.password_hash = service, store, service.clock, password_hash

    @initialize(device=DEVICES)
    def sign_in(self, device: str | None) -> None:
        """A phone signs in, and binds the session to itself or does not."""
        self.begin(device)

    @precondition(lambda self: not goes_on(self))
    @rule(device=DEVICES)
    def sign_in_again(self, device: str | None) -> None:
        """What has ended gives nothing any more; the next session begins."""
        self.nothing_works()
        self.begin(device)

    def begin(self, device: str | None) -> None:
        """A session of somebody new."""
        self.device = device
        self.clock.now = self.clock.now.replace(microsecond=0)
        self.user = person(self.service.deps, new_email(), password_hash=self.password_hash)
        session = signed_in(self.service.deps, self.user, device)
        self.session_id = session.session_id
        self.expected = Expected(self.clock.now)
        self.tokens = [session.refresh_token]  # by turn: one for each, ever
        self.access = [(session.access_token, self.clock.now)]
        self.phone = 0
        self.thief: int | None = None

    # ── what phone and thief do ─────────────────────────────────────────────────────────────────────────────────
    def present(self, turn: int, *, elsewhere: bool = False) -> int | None:
        """Present a turn's token: the turn that is given, if one is. There never is a second child of a turn."""
        device = "another" if elsewhere else self.device
        answer = self.service.post("/refresh", {"refresh_token": self.tokens[turn], "device_id": device})
        at_home = not elsewhere or self.device is None
        if not self.expected.refreshes(turn, self.clock.now, at_home=at_home):
            assert answer.status_code == 401, "a token that must be refused was not"
            return None
        assert answer.status_code == 200, "a token that must be answered was refused"
        body = answer.get_json()
        if turn + 1 == len(self.tokens):
            self.tokens.append(body["refresh_token"])
        assert body["refresh_token"] == self.tokens[turn + 1], "a turn has two children"
        self.access.append((body["token"], self.clock.now))
        return turn + 1

    @alive
    @rule()
    def phone_refreshes(self) -> None:
        """The phone refreshes, and gets the answer."""
        self.phone = given if (given := self.present(self.phone)) is not None else self.phone

    @alive
    @rule(after=WITHIN)
    def phone_loses_an_answer_and_retries(self, after: int) -> None:
        """Whoever was answered and did not hear of it is given the same, within the grace."""
        lost = self.present(self.phone)
        since = self.expected.rotated
        self.clock.pass_by(seconds=after)
        if self.clock.now >= min(since + GRACE, self.expected.ends) or lost is None:
            return
        retried = self.present(self.phone)
        assert retried == lost, "a phone that lost an answer was signed out"
        assert self.reaches_me(len(self.access) - 1)
        self.phone = retried

    @alive
    @rule(after=st.sampled_from([60, 61, 600]))
    def phone_retries_too_late(self, after: int) -> None:
        """Past the grace nobody can tell it from a thief: it ends the session, the child that nobody heard of too."""
        if self.present(self.phone) is not None and self.expected.newest == self.phone + 1:
            self.clock.pass_by(seconds=after)
            assert self.present(self.phone) is None
            self.nothing_works()

    @alive
    @rule()
    def an_answer_is_lost(self) -> None:
        """The phone goes on with the token that it has."""
        self.present(self.phone)

    @alive
    @rule(back=st.integers(0, 3))
    def thief_copies_a_token(self, back: int) -> None:
        """The thief has the phone's token, or one that it had before."""
        self.thief = max(0, self.phone - back)

    @precondition(lambda self: self.thief is not None and goes_on(self))
    @rule(elsewhere=st.booleans())
    def thief_refreshes(self, elsewhere: bool) -> None:
        """The thief uses what they have, and may know the device's name."""
        assert self.thief is not None
        self.thief = given if (given := self.present(self.thief, elsewhere=elsewhere)) is not None else self.thief

    @alive
    @rule(data=st.data())
    def an_old_token_ends_the_family(self, data: st.DataObject) -> None:
        """A token whose child was used ends everything: the newest descendant, and every access token."""
        while self.expected.newest < 2:
            self.present(self.expected.newest)
        self.present(data.draw(st.integers(0, self.expected.newest - 2)), elsewhere=data.draw(st.booleans()))
        assert self.expected.ended
        self.nothing_works()

    # ── the network, the store and time ─────────────────────────────────────────────────────────────────────────
    @alive
    @rule(fault=st.sampled_from(sorted(FAULTS)))
    def store_fails(self, fault: str) -> None:
        """Whatever is wrong with the store, nobody hears that a token is not valid: clients sign out on that."""
        self.store.expect(then=FAULTS[fault])
        answer = self.service.post("/refresh", {"refresh_token": self.tokens[self.phone], "device_id": self.device})
        self.store.expect()
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        if fault == "lost" and self.expected.rotates(self.phone, self.clock.now):
            self.expected.refreshes(self.phone, self.clock.now)
            self.tokens.append(self.service.deps.refresh_tokens.mint(self.session_id, self.phone + 1))

    @alive
    @rule(seconds=PAUSES)
    def time_passes(self, seconds: int) -> None:
        """Seconds or hours go by."""
        self.clock.pass_by(seconds=seconds)

    @precondition(lambda self: self.expected.rotates(self.phone, self.clock.now))
    @rule()
    def the_end_draws_near(self) -> None:
        """A phone that never rests comes to a minute before its session's absolute end, and refreshes."""
        near = self.expected.ends - timedelta(minutes=1)
        while self.clock.now < near:
            self.phone_refreshes()
            self.clock.now = min(near, self.clock.now + IDLE - timedelta(seconds=1))
        self.phone_refreshes()

    # ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────
    def usable(self) -> str | None:
        """An access token that works, if there is one."""
        works = self.expected.lives(self.clock.now) and self.clock.now < self.access[-1][1] + ACCESS
        return self.access[-1][0] if works else None

    @precondition(lambda self: self.usable())
    @rule(way=st.sampled_from(["/logout", "/logout-all", "/password/change", "another device"]))
    def session_ends(self, way: str) -> None:
        """The owner ends it, here, everywhere, by a new password, or from another device."""
        if way == "another device":
            other = signed_in(self.service.deps, self.service.deps.users.find(self.user.user_id) or self.user)
            headers = {"Authorization": f"Bearer {other.access_token}"}
            answer = self.service.http.delete(f"/api/v1/auth/sessions/{self.session_id}", headers=headers)
        else:
            change = {"current_password": PASSWORD, "new_password": f"{PASSWORD}!"}
            body = change if way == "/password/change" else None
            answer = self.service.post(way, body, token=self.usable())
        assert answer.status_code == 200
        self.expected.ended = True
        self.nothing_works()

    # ── what always holds ───────────────────────────────────────────────────────────────────────────────────────
    def reaches_me(self, which: int) -> bool:
        """Whether an access token works."""
        status = self.service.get("/me", token=self.access[which][0]).status_code
        assert status in {200, 401}
        return status == 200

    def nothing_works(self) -> None:
        """No access token that has not expired, and no refresh token, works."""
        assert not any(self.reaches_me(n) for n in range(max(0, len(self.access) - 4), len(self.access)))
        for turn in range(max(0, len(self.tokens) - 3), len(self.tokens)):
            assert self.present(turn) is None

    @invariant()
    def access_follows_the_session(self) -> None:
        """The newest access token works until it expires or its session ends, and not a moment longer."""
        assert self.reaches_me(len(self.access) - 1) == (self.usable() is not None)

    def teardown(self) -> None:
        """In the end the session has come to its absolute end, and nothing works."""
        if hasattr(self, "expected"):
            self.clock.now = max(self.clock.now, self.expected.ends)
            self.nothing_works()


def test_a_phone_stays_and_a_thief_does_not(service_for: Callable[..., Service]) -> None:
    """Random sequences of refresh, loss, retry, theft, faults, time and ends all go as design §4 says."""
    service = service_for(
        refresh_grace=GRACE, session_idle_expiry=IDLE, jwt_refresh_expiry=ABSOLUTE, jwt_access_expiry=ACCESS
    )
    password_hash = service.deps.passwords.hash(PASSWORD)
    service.deps.gateway._wait = lambda _: None
    store = border.at(service.deps.gateway._client)
    run_state_machine_as_test(
        lambda: Session(service, store, password_hash),  # type: ignore[arg-type]
        settings=settings(
            max_examples=tries(40, at_home=10),
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            print_blob=True,
            phases=[Phase.generate],  # a failure of twenty-five steps is read sooner than it is made smaller
            suppress_health_check=list(HealthCheck),
        ),
    )
