"""Jobs: begun by an answer of 202, done by one worker at a time, taken over from one that is gone, and forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from panzoto.aws.copies import Copies
from panzoto.errors import KeyRejected, StorageUnavailable, StoreUnavailable
from panzoto.flows import _copying, _decrypting
from panzoto.flows._working import MOST_ATTEMPTS, work
from panzoto.flows.delete_me import erase
from panzoto.models.auth_state.audio_job import DECRYPT, AudioJob
from panzoto.models.auth_state.audio_jobs import AudioJobs, JobLost
from panzoto.workers import Workers
from tests.accounts.conftest import Service
from tests.crypto.streams import recording
from tests.support.people import leave
from tests.support.phones import signed_in

from .conftest import FILES, MIB, send, sweep
from .sealing import Owner, code, got, owner_of
from .test_crossings import crossing
from .test_decrypt import DAMAGE, replace_object

LONG = recording(9 * MIB)
ALL_ARE_LONG = {"decrypt_async_from_bytes": 1, "decrypt_jobs_at_once": 0}


@pytest.fixture
def owner(service_for: Callable[..., Service]) -> Owner:
    """Somebody at a service that decrypts everything after the answer, when a test says so."""
    return owner_of(service_for(**ALL_ARE_LONG))


def begun(owner: Owner, clear: bytes = LONG, change: Callable[[bytes], bytes] = lambda sealed: sealed) -> TestResponse:
    """A decryption that goes on after the answer."""
    answer = owner.decrypt(owner.keep_sealed(clear, change))
    assert answer.status_code == 202, answer.get_json()
    return answer


def queue(owner: Owner) -> list[AudioJob]:
    """The jobs that are open."""
    return owner.deps.audio_jobs.open_jobs()


def test_a_job(owner: Owner) -> None:
    """202 with an address to ask at; when it is done, a fresh address for the copy each time, for an hour."""
    answer = begun(owner)
    body, where = answer.get_json(), answer.headers["Location"]
    assert (body["status"], body["progress"], body["status_url"]) == ("queued", 0, where)
    assert int(answer.headers["Retry-After"]) >= 1
    assert where == f"{FILES}/{body['file_info']['file_id']}/jobs/{body['job_id']}"
    assert owner.ask("GET", where).get_json()["status"] == "queued"
    assert work(owner.deps) == 0
    assert work(owner.deps) is None
    done = owner.ask("GET", where)
    assert (done.get_json()["status"], done.get_json()["progress"]) == ("done", 100)
    assert got(done) == LONG
    owner.service.clock.pass_by(minutes=14)
    assert got(owner.ask("GET", where)) == LONG
    actions = [each["action"] for each in owner.deps.audit.all_of(owner.user.user_id)]
    assert actions.count("audio_decrypted") == 1


def test_it_is_forgotten_after_an_hour(owner: Owner) -> None:
    """A job is for its owner, by its own id, for an hour after its end."""
    body = begun(owner).get_json()
    work(owner.deps)
    where, file_id = body["status_url"], body["file_info"]["file_id"]
    another = owner_of(owner.service)
    assert code(another.ask("GET", where)) == (404, "not_found")
    assert code(owner.ask("GET", f"{FILES}/{file_id}/jobs/job_another")) == (404, "not_found")
    assert code(owner.ask("GET", f"{FILES}/another/jobs/{body['job_id']}")) == (404, "not_found")
    deps = owner.deps
    job = owner.job(file_id)
    assert (job.wrapped_keys, job.state) == (None, "done")
    item = deps.audio_jobs.get({"PK": f"AUDIO_JOB#decrypt#{file_id}", "SK": "METADATA"})
    assert item is not None
    assert "WrappedKeys" not in item
    assert item["TTL"] == item["FinishedAt"] + 3600
    owner.service.clock.pass_by(hours=1)
    assert code(elsewhere(owner).ask("GET", where)) == (404, "not_found")


def _token(owner: Owner) -> str:
    return signed_in(owner.deps, owner.user).access_token


def test_its_key_is_of_one_file_and_job(owner: Owner) -> None:
    """What KMS keeps of a job is the key of that file alone, and opens for that job alone."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    job = owner.job(file_id)
    wrapped = job.wrapped_keys or ""
    clear = owner.deps.key_service.unwrap(wrapped, owner.user.user_id, job.job_id)
    assert len(clear) == 32
    assert clear != owner.audio_key
    assert wrapped not in repr(job)
    for user_id, job_id in ((owner.user.user_id, None), (owner.user.user_id, "job_x"), ("another", job.job_id)):
        with pytest.raises(KeyRejected):
            owner.deps.key_service.unwrap(wrapped, user_id, job_id)


@pytest.mark.parametrize("file_id", ["x" * 1024, "é#" * 341 + "x"], ids=["as long as may be", "of many bytes"])
def test_an_id_that_fills_a_key(owner: Owner, file_id: str) -> None:
    """Ids that older software gave may be as long as DynamoDB takes them, and their recordings are decrypted."""
    deps, key = owner.deps, f"users/{owner.user.user_id}/memo.3gp"
    deps.clients.s3().put_object(Bucket=deps.config.s3_bucket, Key=key, Body=owner.seal(LONG, key))
    deps.audio_files.put({"file_id": file_id, "user_id": owner.user.user_id, "s3_key": key, "uploaded_at": 1})
    answer = owner.decrypt(quote(file_id))
    assert answer.status_code == 202, answer.get_json()
    assert [each.file_id for each in queue(owner)] == [file_id]
    assert work(deps) == 0
    assert work(deps) is None
    assert got(owner.ask("GET", answer.get_json()["status_url"])) == LONG


def test_a_place_from_before_it_named_its_recording(owner: Owner) -> None:
    """A job whose place in the queue tells of it by its key alone is done as any other."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    place = owner.deps.audio_jobs.get({"PK": "AUDIO_QUEUE", "SK": f"decrypt#{file_id}"})
    assert place is not None
    owner.deps.audio_jobs.put({name: value for name, value in place.items() if name != "FileID"})
    assert work(owner.deps) == 0
    assert owner.job(file_id).state == "done"
    assert queue(owner) == []


def test_who_asks_again_hears_of_the_same(owner: Owner) -> None:
    """While a recording is decrypted a second request hears of the first; afterwards it is a new one."""
    body = begun(owner).get_json()
    file_id = body["file_info"]["file_id"]
    assert owner.decrypt(file_id).get_json()["job_id"] == body["job_id"]
    assert len(queue(owner)) == 1
    work(owner.deps)
    first = owner.ask("GET", body["status_url"])
    again = owner.decrypt(file_id).get_json()
    assert again["job_id"] != body["job_id"]
    work(owner.deps)
    assert got(owner.ask("GET", again["status_url"])) == LONG
    assert send("GET", first.get_json()["download_url"]).body == LONG


def elsewhere(owner: Owner) -> Owner:
    """The same person, in another session."""
    return Owner(owner.service, owner.user, _token(owner), owner.audio_key)


def test_a_copy_is_for_the_session_that_asked(owner: Owner) -> None:
    """Another session sees how far it is and never the copy, without the proof that a decryption asks for."""
    body = begun(owner).get_json()
    other = elsewhere(owner)
    owner.service.clock.pass_by(minutes=6)
    assert code(other.decrypt(body["file_info"]["file_id"])) == (403, "recent_sign_in_needed")
    assert other.ask("GET", body["status_url"]).get_json()["status"] == "queued"
    work(owner.deps)
    seen = other.ask("GET", body["status_url"]).get_json()
    assert (seen["status"], seen["progress"]) == ("done", 100)
    assert not {"download_url", "expires_at"} & seen.keys()
    assert got(owner.ask("GET", body["status_url"])) == LONG


@pytest.mark.parametrize("change", [lambda sealed: sealed, DAMAGE["trailing bytes"]], ids=["done", "refused"])
def test_an_export_tells_of_no_job(owner: Owner, change: Callable[[bytes], bytes]) -> None:
    """An export tells what was decrypted and refused, and has no id of a job in it."""
    body = begun(owner, change=change).get_json()
    work(owner.deps)
    export = owner.ask("GET", "/api/v1/auth/export")
    assert any(each["details"].get("file_id") == body["file_info"]["file_id"] for each in export.get_json()["events"])
    assert body["job_id"] not in export.get_data(as_text=True)


def test_who_asks_again_elsewhere_may_have_it(owner: Owner) -> None:
    """A session that proves itself while a recording is decrypted gets the same copy as the first."""
    body = begun(owner).get_json()
    other = elsewhere(owner)
    assert other.decrypt(body["file_info"]["file_id"]).get_json()["job_id"] == body["job_id"]
    work(owner.deps)
    assert [got(each.ask("GET", body["status_url"])) for each in (owner, other)] == [LONG, LONG]


def test_a_job_that_ends_while_somebody_asks_again(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds it open and meets it done has its copy; where it is forgotten meanwhile they ask once more."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    job = owner.job(file_id)
    crossing(monkeypatch, AudioJobs, "_shared", lambda: work(owner.deps))
    other = elsewhere(owner)
    assert got(other.ask("GET", other.decrypt(file_id).get_json()["status_url"])) == LONG
    assert owner.decrypt(file_id).status_code == 202
    crossing(monkeypatch, AudioJobs, "_shared", lambda: owner.deps.audio_jobs.forget(job))
    assert code(other.decrypt(file_id)) == (409, "conflict")
    assert other.decrypt(file_id).status_code == 202


def test_a_job_from_before_sessions_were_kept(owner: Owner) -> None:
    """It is done as any other, and nobody has its copy: whoever wants one asks for the decryption anew."""
    body = begun(owner).get_json()
    file_id = body["file_info"]["file_id"]
    item = owner.deps.audio_jobs.get({"PK": f"AUDIO_JOB#decrypt#{file_id}", "SK": "METADATA"})
    assert item is not None
    owner.deps.audio_jobs.put({name: value for name, value in item.items() if name != "Sessions"})
    work(owner.deps)
    seen = owner.ask("GET", body["status_url"]).get_json()
    assert (seen["status"], "download_url" in seen) == ("done", False)
    again = owner.decrypt(file_id).get_json()
    work(owner.deps)
    assert got(owner.ask("GET", again["status_url"])) == LONG


@pytest.mark.parametrize("damage", ["cut after the first segment", "a bit of the last tag", "trailing bytes"])
def test_damage_fails_the_job(owner: Owner, damage: str) -> None:
    """The job fails as the answer would have, nothing is left of it, its key is gone, and the event is there."""
    body = begun(owner, change=DAMAGE[damage]).get_json()
    assert work(owner.deps) == 0
    answer = owner.ask("GET", body["status_url"]).get_json()
    assert (answer["status"], answer["fault"]["code"]) == ("failed", "audio_damaged")
    assert "download_url" not in answer
    assert owner.nothing_is_left_in_the_clear()
    assert owner.job(body["file_info"]["file_id"]).wrapped_keys is None
    assert work(owner.deps) is None
    actions = [each["action"] for each in owner.deps.audit.all_of(owner.user.user_id)]
    assert "audio_decrypt_refused" in actions


def test_a_file_that_was_replaced_fails_the_job(owner: Owner) -> None:
    """The job is about the very file that was there when it was asked for."""
    body = begun(owner).get_json()
    replace_object(owner, body["file_info"]["file_id"], b"x" * 5000)
    work(owner.deps)
    assert owner.ask("GET", body["status_url"]).get_json()["fault"]["code"] == "conflict"


def test_a_recording_that_is_deleted_meanwhile(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that is finished after its recording was deleted, or its owner, goes as well."""
    body = begun(owner).get_json()
    whole = Copies.write

    def crossed(*given: Any) -> None:
        whole(*given)
        assert owner.ask("DELETE", f"{FILES}/{body['file_info']['file_id']}").status_code == 200

    monkeypatch.setattr(Copies, "write", crossed)
    assert work(owner.deps) == 0
    assert owner.job(body["file_info"]["file_id"]).fault == "NotFound"
    assert owner.nothing_is_left_in_the_clear()


def test_an_owner_who_leaves_meanwhile(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the mark on: the erasure may have looked for copies already, while the recording is still there."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    leaving = owner.deps.users.find(owner.user.user_id)
    assert leaving is not None
    crossing(monkeypatch, Copies, "write", lambda: leave(owner.deps, leaving), after=True)
    assert work(owner.deps) == 0
    assert owner.job(file_id).fault == "NotFound"
    assert owner.nothing_is_left_in_the_clear()


def test_an_account_that_is_deleted(owner: Owner) -> None:
    """Its open jobs go with it, keys and all, and no worker finds anything."""
    body = begun(owner).get_json()
    other = owner_of(owner.service)
    begun(other)
    assert owner.ask("DELETE", "/api/v1/auth/me", {}).status_code in {200, 202}
    owner.deps.later.finish()
    assert owner.deps.audio_jobs.find(DECRYPT, body["file_info"]["file_id"]) is None
    assert [each.user_id for each in queue(owner)] == [other.user.user_id]


@pytest.mark.parametrize("gone", ["recording", "account"])
def test_copies_go_with_what_they_are_of(owner: Owner, gone: str) -> None:
    """The copy that was made, and parts of one that somebody has begun to write."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    assert work(owner.deps) == 0
    (copy,) = owner.copies()
    owner.deps.multipart.begin(f"{copy}.begun", file_id, "audio/3gpp")
    if gone == "recording":
        assert owner.ask("DELETE", f"{FILES}/{file_id}").status_code == 200
    else:
        assert owner.ask("DELETE", "/api/v1/auth/me", {}).status_code == 202
        owner.deps.later.finish()
    assert owner.copies() == []
    assert list(owner.deps.multipart.under("decrypted/")) == []


def test_faults_that_pass_put_it_off(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """While S3 is away a job waits, longer each time; it goes on when it is back, and fails when it never is."""
    body = begun(owner).get_json()
    clock, whole = owner.service.clock, Copies.write
    monkeypatch.setattr(Copies, "write", _away)
    for number in range(1, MOST_ATTEMPTS):
        assert work(owner.deps) == 0
        pause = work(owner.deps)
        assert pause is not None
        assert 15 * number - 1 <= pause <= 15 * number
        clock.pass_by(seconds=15 * number + 1)
    monkeypatch.setattr(Copies, "write", whole)
    assert work(owner.deps) == 0
    assert owner.job(body["file_info"]["file_id"]).state == "done"
    monkeypatch.setattr(Copies, "write", _away)
    again = owner.decrypt(body["file_info"]["file_id"]).get_json()
    for _ in range(MOST_ATTEMPTS):
        assert work(owner.deps) == 0
        clock.pass_by(seconds=90)
    assert owner.job(body["file_info"]["file_id"]).fault == "StorageUnavailable"
    assert again["job_id"] == owner.job(body["file_info"]["file_id"]).job_id


def _away(*_: object) -> None:
    raise StorageUnavailable


def test_a_defect_of_ours_fails_the_job(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody has thought of is logged, and told as an error of ours."""
    body = begun(owner).get_json()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(_copying, "still_there", broken)
    assert work(owner.deps) == 0
    assert owner.ask("GET", body["status_url"]).get_json()["fault"]["code"] == "internal"
    assert owner.nothing_is_left_in_the_clear()


def test_a_worker_that_is_gone(owner: Owner) -> None:
    """When its lease is over another takes the job, gives up what was begun, and finishes it."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    jobs, deps, clock = owner.deps.audio_jobs, owner.deps, owner.service.clock
    lease = deps.config.decrypt_job_lease
    gone = jobs.claim(owner.job(file_id), "gone", clock.now, lease)
    key = f"decrypted/{owner.user.user_id}/{file_id}/half.3gp"
    s3, bucket = deps.clients.s3(), deps.config.s3_bucket
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    gone = jobs.hold(gone, clock.now, lease, object_key=key, upload_id=upload_id, progress=MIB)
    assert owner.ask("GET", f"{FILES}/{file_id}/jobs/{gone.job_id}").get_json()["progress"] == 11
    with pytest.raises(JobLost):
        jobs.claim(owner.job(file_id), "early", clock.now, lease)
    pause = work(deps)
    assert pause is not None
    assert 58 <= pause <= 60
    clock.pass_by(seconds=61)
    assert work(deps) == 0
    assert owner.job(file_id).attempts == 2
    assert not list(deps.multipart.under("decrypted/"))
    assert len(owner.copies()) == 1
    with pytest.raises(JobLost):
        jobs.finish(gone, clock.now)


def test_a_worker_that_was_only_slow(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds that another has taken over stops, and leaves nothing; the other's copy is untouched."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    clock, whole = owner.service.clock, Copies.write

    def slow(*given: Any) -> None:
        whole(*given)
        monkeypatch.setattr(Copies, "write", whole)
        clock.pass_by(seconds=61)
        assert work(owner.deps) == 0

    monkeypatch.setattr(Copies, "write", slow)
    assert work(owner.deps) == 0
    job = owner.job(file_id)
    assert (job.state, owner.copies()) == ("done", [job.object_key])


def test_a_worker_that_was_taken_over_ends_nothing(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """While its successor is at work, who was only slow neither ends the job nor leaves a copy of its own."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    jobs, clock, whole = owner.deps.audio_jobs, owner.service.clock, Copies.write

    def slow(*given: Any) -> None:
        whole(*given)
        clock.pass_by(seconds=61)
        jobs.claim(owner.job(file_id), "another", clock.now, owner.deps.config.decrypt_job_lease)

    monkeypatch.setattr(Copies, "write", slow)
    assert work(owner.deps) == 0
    job = owner.job(file_id)
    assert (job.state, job.owner, owner.copies()) == ("running", "another", [])


def test_progress_keeps_the_lease(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a worker reads on, its lease goes on, and how far it is is seen."""
    body = begun(owner).get_json()
    seen: list[int] = []
    read = owner.deps.copies._send

    def send_slowly(*given: Any) -> Any:
        owner.service.clock.pass_by(seconds=20)
        seen.append(owner.ask("GET", body["status_url"]).get_json()["progress"])
        return read(*given)

    monkeypatch.setattr(owner.deps.copies, "_send", send_slowly)
    assert work(owner.deps) == 0
    assert owner.job(body["file_info"]["file_id"]).state == "done"
    assert len(seen) == 2
    assert seen[-1] > 50


def test_a_process_that_ends_gives_back(owner: Owner) -> None:
    """Asked to end, a worker stops between two pieces, and another goes on at once, with no try lost."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    assert work(owner.deps, lambda: True) == 0
    job = owner.job(file_id)
    assert (job.state, job.attempts) == ("queued", 0)
    assert owner.nothing_is_left_in_the_clear()
    assert work(owner.deps) == 0
    assert owner.job(file_id).state == "done"


@pytest.mark.parametrize("ending", [SystemExit, KeyboardInterrupt])
def test_a_command_that_is_ended_gives_back(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, ending: type[BaseException]
) -> None:
    """The same for `flask audio work`, whose signal comes anywhere."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]

    def ended(*_: object) -> None:
        raise ending

    monkeypatch.setattr(owner.deps.copies, "_send", ended)
    with pytest.raises(ending):
        work(owner.deps)
    assert owner.job(file_id).state == "queued"
    assert owner.nothing_is_left_in_the_clear()


@pytest.mark.parametrize("fault", [JobLost, StoreUnavailable])
def test_a_command_that_cannot_give_back_ends(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """A signal that comes when the job is done, or while the store is away, ends `flask audio work` all the same."""
    begun(owner)

    def ended(*_: object, **__: object) -> None:
        raise SystemExit

    def refused(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(_decrypting, "note", ended)
    monkeypatch.setattr(AudioJobs, "give_back", refused)
    with pytest.raises(SystemExit):
        work(owner.deps)


def test_a_job_that_ends_every_process(owner: Owner) -> None:
    """After so many tries that nobody heard of again nobody tries any more."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    for _ in range(MOST_ATTEMPTS):
        owner.deps.audio_jobs.claim(
            owner.job(file_id), "gone", owner.service.clock.now, owner.deps.config.decrypt_job_lease
        )
        owner.service.clock.pass_by(seconds=61)
    assert work(owner.deps) == 0
    assert owner.job(file_id).state == "failed"


def test_places_that_lead_nowhere_are_cleared(owner: Owner) -> None:
    """A place in the queue whose job is finished, or gone, is removed by whoever looks; a newer job's stays."""
    jobs = owner.deps.audio_jobs
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    job = owner.job(file_id)
    jobs.leave_queue(DECRYPT, file_id, "job_older")
    assert queue(owner) == [job]
    jobs.delete({"PK": f"AUDIO_JOB#decrypt#{file_id}", "SK": "METADATA"})
    assert queue(owner) == []
    assert jobs.get({"PK": "AUDIO_QUEUE", "SK": f"decrypt#{file_id}"}) is None


def grow_old(owner: Owner, file_id: str, kind: str = DECRYPT) -> None:
    """Let more than a day pass for the newest job of a recording alone."""
    item = owner.deps.audio_jobs.get({"PK": f"AUDIO_JOB#{kind}#{file_id}", "SK": "METADATA"})
    assert item is not None
    owner.deps.audio_jobs.put({**item, "CreatedAt": item["CreatedAt"] - 90_000, "TTL": item["TTL"] - 90_000})


def test_a_job_whose_time_is_over_is_begun_anew(owner: Owner) -> None:
    """A job that nobody has done in a day makes room for another, and the sweep forgets it."""
    body = begun(owner).get_json()
    file_id = body["file_info"]["file_id"]
    grow_old(owner, file_id)
    assert owner.decrypt(file_id).get_json()["job_id"] != body["job_id"]
    grow_old(owner, file_id)
    assert f"{file_id}: its job was never done.\n" in sweep(owner)
    assert queue(owner) == []


def test_a_job_that_is_begun_anew_under_the_sweep(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep forgets the job that it has judged, and never the one that its owner begins meanwhile."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    grow_old(owner, file_id)
    answers: list[TestResponse] = []
    crossing(monkeypatch, AudioJobs, "forget", lambda: answers.append(owner.decrypt(file_id)))
    assert "0 mended" in sweep(owner)
    assert [each.job_id for each in queue(owner)] == [answers[0].get_json()["job_id"]]
    work(owner.deps)
    assert owner.job(file_id).state == "done"


def test_a_job_that_is_forgotten_under_an_erasure(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account whose job somebody else forgets at that moment is deleted all the same."""
    job = owner.job(begun(owner).get_json()["file_info"]["file_id"])
    crossing(monkeypatch, AudioJobs, "forget", lambda: owner.deps.audio_jobs.forget(job))
    erase(owner.deps, owner.user)
    assert owner.deps.users.find(owner.user.user_id) is None
    assert queue(owner) == []


def test_workers_of_the_process(service_for: Callable[..., Service]) -> None:
    """A job is done after the answer by the process itself, without anybody asking."""
    owner = owner_of(service_for(decrypt_async_from_bytes=1))
    where = begun(owner).get_json()["status_url"]
    workers = owner.deps.workers
    with workers._changed:
        assert workers._changed.wait_for(lambda: not workers._running, 30)
    assert got(owner.ask("GET", where)) == LONG


def test_asking_for_a_job_that_nobody_works_on_takes_it_over(
    service_for: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for a job that is due finds it in work: so nobody has to look for jobs all the time."""
    owner = owner_of(service_for(decrypt_async_from_bytes=1))
    woken: list[object] = []
    monkeypatch.setattr(owner.deps.workers, "wake", woken.append)
    where = begun(owner).get_json()["status_url"]
    woken.clear()
    owner.ask("GET", where)
    assert len(woken) == 1
    job = owner.job(where.split("/")[4])
    owner.deps.audio_jobs.claim(job, "at work", owner.service.clock.now, owner.deps.config.decrypt_job_lease)
    owner.ask("GET", where)
    assert len(woken) == 1


def test_threads_rest_and_end() -> None:
    """A thread looks when it is woken, rests as long as it is told, goes on after a fault, and ends without work."""
    workers = Workers(1)
    looks: list[int] = []
    fault, told = threading.Event(), threading.Event()

    def look() -> float | None:
        looks.append(len(looks))
        if len(looks) == 1:
            fault.set()
            raise StoreUnavailable
        if len(looks) == 2:
            told.set()
            return 0.001
        return None

    workers.wake(look)
    assert fault.wait(10)
    workers.wake(look)
    assert told.wait(10)
    with workers._changed:
        assert workers._changed.wait_for(lambda: not workers._running, 10)
    assert len(looks) >= 3
    workers.stop()
    workers.wake(look)
    assert workers._running == 0


def test_a_thread_that_meets_a_defect_ends() -> None:
    """It is logged, and the next call begins another."""
    workers = Workers(1)

    def broken() -> float | None:
        raise RuntimeError

    for _ in range(2):
        workers.wake(broken)
        with workers._changed:
            assert workers._changed.wait_for(lambda: not workers._running, 10)


def test_stopping_wakes_who_rests() -> None:
    """A thread that rests ends at once when the process does."""
    workers, looked = Workers(1), threading.Event()

    def look() -> float | None:
        looked.set()
        return 1000.0

    workers.wake(look)
    assert looked.wait(10)
    workers.stop()
    assert workers._running == 0


def test_two_who_reach_for_the_same(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two workers that have seen a job one takes it; the other goes on as if it were not there."""
    file_id = begun(owner).get_json()["file_info"]["file_id"]
    seen = queue(owner)
    owner.deps.audio_jobs.claim(
        owner.job(file_id), "faster", owner.service.clock.now, owner.deps.config.decrypt_job_lease
    )
    monkeypatch.setattr(owner.deps.audio_jobs, "open_jobs", lambda: seen)
    assert work(owner.deps) == 1
    assert owner.job(file_id).owner == "faster"
    assert owner.nothing_is_left_in_the_clear()
