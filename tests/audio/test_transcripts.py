"""Transcripts: made after the answer, sealed under the audio key, with nothing left in the clear."""

from __future__ import annotations

import secrets
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from panzoto.aws.clients import Clients
from panzoto.aws.copies import Copies
from panzoto.aws.transcriber import AwsTranscriber, Outcome
from panzoto.crypto import transcripts
from panzoto.crypto.transcripts import transcript_key
from panzoto.errors import KeyRejected, StorageUnavailable, TranscriptionFailed
from panzoto.flows import _transcribing
from panzoto.flows._working import work
from panzoto.models import object_keys
from panzoto.models.auth_state.audio_job import TRANSCRIBE
from panzoto.models.auth_state.audio_jobs import AudioJobs, JobLost
from tests.accounts.conftest import PASSWORD, Service
from tests.crypto.streams import recording
from tests.support.servers import behaving, hanging_up

from .conftest import FILES, MIB, sweep
from .sealing import Owner, code, owner_of, with_password
from .test_crossings import crossing
from .test_decrypt import DAMAGE
from .test_jobs import grow_old

WORDS = "deterministic placeholder speech"
SAID = b'{"results": {"transcripts": [{"transcript": "what was said"}]}}'
LOOKS, SECONDS = 20, 30


@pytest.fixture
def service(service_for: Callable[..., Service]) -> Service:
    """A service with a transcriber, whose jobs are done when a test says so."""
    return service_for(transcriber="aws", decrypt_jobs_at_once=0)


@pytest.fixture
def owner(service: Service) -> Owner:
    """Somebody without a password, signed in a moment ago."""
    return owner_of(service)


def work_to_the_end(owner: Owner) -> None:
    """Do what is to be done; the emulator takes its two seconds, which the wait for its answer is made of."""
    name = _transcribing._name
    for _ in range(LOOKS):
        pause = work(owner.deps)
        if pause is None:
            return
        owner.service.clock.pass_by(seconds=pause)
        open_jobs = owner.deps.audio_jobs.open_jobs()
        if pause and open_jobs and open_jobs[0].stage:
            _until_done(owner, name(open_jobs[0]))
    raise AssertionError("the job did not end")


def _until_done(owner: Owner, name: str) -> None:
    """Wait for the emulator's own job: its time is its own."""
    client = owner.deps.clients.transcribe()
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        state = client.get_transcription_job(TranscriptionJobName=name)["TranscriptionJob"]["TranscriptionJobStatus"]
        if state in {"COMPLETED", "FAILED"}:
            return
        time.sleep(0.05)  # between two looks; the deadline above is what decides
    raise AssertionError("the emulator did not end its job")


def transcribe(owner: Owner, file_id: str, **body: Any) -> Any:
    """Ask for a transcript."""
    return owner.ask("POST", f"{FILES}/{file_id}/transcribe", body)


def transcript(owner: Owner, file_id: str) -> Any:
    """What there is of it."""
    return owner.ask("GET", f"{FILES}/{file_id}/transcript").get_json()


def test_a_transcript(owner: Owner) -> None:
    """202, then the text sealed for the app, and in clear for whoever proves it is theirs; nothing else is left."""
    file_id = owner.keep_sealed(recording(2 * MIB))
    answer = transcribe(owner, file_id, language="de-DE")
    assert (answer.status_code, answer.get_json()) == (202, {"status": "queued", "language": "de-DE"})
    assert answer.headers["Location"] == f"{FILES}/{file_id}/transcript"
    assert transcript(owner, file_id)["status"] == "queued"
    work_to_the_end(owner)
    found = transcript(owner, file_id)
    assert found["status"] == "done"
    sealed = b64decode(found["sealed_transcript"])
    key = transcript_key(owner.audio_key, owner.user.user_id, file_id)
    text = transcripts.unseal(sealed, key, owner.user.user_id, file_id)
    assert WORDS in text
    assert owner.ask("POST", f"{FILES}/{file_id}/transcript", {}).get_json() == {"text": text}
    assert owner.nothing_is_left_in_the_clear()
    assert owner.deps.clients.transcribe().list_transcription_jobs()["TranscriptionJobSummaries"] == []
    assert owner.job(file_id, TRANSCRIBE).wrapped_keys is None
    assert WORDS.encode() not in b"".join(stored(owner))
    owner.service.clock.pass_by(days=3)
    assert owner.deps.objects.whole(object_keys.transcript_of(owner.user.user_id, file_id), 10_000) == sealed


def stored(owner: Owner) -> list[bytes]:
    """All that is in the bucket."""
    s3, bucket = owner.deps.clients.s3(), owner.deps.config.s3_bucket
    return [s3.get_object(Bucket=bucket, Key=each.key)["Body"].read() for each in owner.deps.bucket.under("")]


def test_it_goes_with_its_recording(owner: Owner) -> None:
    """A deletion takes the transcript with it, and who asks for one that there is not hears 404."""
    file_id = owner.keep_sealed(b"words")
    assert code(owner.ask("GET", f"{FILES}/{file_id}/transcript")) == (404, "not_found")
    assert code(owner.ask("POST", f"{FILES}/{file_id}/transcript", {})) == (404, "not_found")
    transcribe(owner, file_id)
    work_to_the_end(owner)
    assert code(owner_of(owner.service).ask("GET", f"{FILES}/{file_id}/transcript")) == (404, "not_found")
    assert owner.ask("DELETE", f"{FILES}/{file_id}").status_code == 200
    assert list(owner.deps.bucket.under("")) == []


def test_the_password_is_asked_for(service: Service) -> None:
    """Whoever has a password sends it to begin, and to read in clear."""
    owner = with_password(service, service.register(), PASSWORD)
    file_id = owner.keep_sealed(b"words")
    assert code(transcribe(owner, file_id)) == (400, "invalid_request")
    assert code(transcribe(owner, file_id, password="another")) == (401, "wrong_password")
    assert transcribe(owner, file_id, password=PASSWORD).status_code == 202
    work_to_the_end(owner)
    service.clock.pass_by(seconds=1)
    owner.token = service.post("/login", {"email": owner.user.email, "password": PASSWORD}).get_json()["token"]
    where = f"{FILES}/{file_id}/transcript"
    assert code(owner.ask("POST", where, {})) == (400, "invalid_request")
    assert WORDS in owner.ask("POST", where, {"password": PASSWORD}).get_json()["text"]


def test_without_a_transcriber(service_for: Callable[..., Service]) -> None:
    """501 where none was set up; and a job from before that fails."""
    owner = owner_of(service_for(decrypt_jobs_at_once=0))
    file_id = owner.keep_sealed(b"words")
    assert code(transcribe(owner, file_id)) == (501, "transcription_not_offered")


def test_a_service_that_lost_its_transcriber(owner: Owner) -> None:
    """A job that was begun before fails, and nothing of it is left in the clear."""
    early, late = owner.keep_sealed(b"words"), owner.keep_sealed(b"words")
    transcribe(owner, late)
    assert work(owner.deps) == 0
    answer_late(owner, late)
    transcribe(owner, early)
    object.__setattr__(owner.deps, "transcriber", None)
    owner.service.clock.pass_by(seconds=6)
    work_to_the_end(owner)
    codes = {transcript(owner, file_id)["fault"]["code"] for file_id in (early, late)}
    assert (codes, owner.nothing_is_left_in_the_clear()) == ({"transcription_failed"}, True)


def test_damage_fails_it(owner: Owner) -> None:
    """What cannot be decrypted is not transcribed."""
    file_id = owner.keep_sealed(recording(3 * MIB), DAMAGE["segments swapped"])
    assert transcribe(owner, file_id).status_code == 202
    work_to_the_end(owner)
    found = transcript(owner, file_id)
    assert (found["status"], found["fault"]["code"]) == ("failed", "audio_damaged")
    assert owner.nothing_is_left_in_the_clear()


def test_a_new_one_takes_the_place_of_the_old(owner: Owner) -> None:
    """While a new one is made the state is shown; if it fails, the text of before is still there."""
    file_id = owner.keep_sealed(b"words")
    transcribe(owner, file_id)
    work_to_the_end(owner)
    before = transcript(owner, file_id)["sealed_transcript"]
    transcribe(owner, file_id)
    assert "sealed_transcript" not in transcript(owner, file_id)
    object.__setattr__(owner.deps, "transcriber", None)
    work_to_the_end(owner)
    found = transcript(owner, file_id)
    assert (found["status"], found["sealed_transcript"]) == ("done", before)


@pytest.mark.parametrize("moment", ["starting", "started", "finishing"])
def test_a_worker_that_is_gone(owner: Owner, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """Whenever a process ends another goes on, to one transcript and nothing in the clear."""
    file_id = owner.keep_sealed(b"words")
    transcribe(owner, file_id)

    end_at(monkeypatch, owner, moment)
    with pytest.raises(Ends):
        work_to_the_end(owner)
    monkeypatch.undo()
    owner.service.clock.pass_by(seconds=61)
    work_to_the_end(owner)
    assert transcript(owner, file_id)["status"] == "done"
    assert nothing_is_known(owner)


class Ends(BaseException):
    """The process ends."""


def end_at(monkeypatch: pytest.MonkeyPatch, owner: Owner, moment: str) -> None:
    """Let the process end there."""

    def ends(*_: object, **__: object) -> None:
        raise Ends

    if moment == "started":
        crossing(monkeypatch, owner.deps.transcriber, "start", ends, after=True)
    elif moment == "starting":
        monkeypatch.setattr(owner.deps.transcriber, "start", ends)
    else:
        monkeypatch.setattr(_transcribing, "_keep", ends)


def nothing_is_known(owner: Owner) -> bool:
    """Whether nothing is in the clear, and the transcriber has forgotten all."""
    jobs = owner.deps.clients.transcribe().list_transcription_jobs()["TranscriptionJobSummaries"]
    return owner.nothing_is_left_in_the_clear() and not jobs


def answer_late(owner: Owner, file_id: str) -> None:
    """Let the transcriber write its text, whatever has become of what it read."""
    deps, output = owner.deps, _transcribing._output(owner.job(file_id, TRANSCRIBE))
    deps.clients.s3().put_object(Bucket=deps.config.s3_bucket, Key=output, Body=SAID)


def delete_account(owner: Owner) -> None:
    """Delete it, to the end."""
    assert owner.ask("DELETE", "/api/v1/auth/me", {}).status_code in {200, 202}
    owner.deps.later.finish()
    assert owner.deps.users.find(owner.user.user_id) is None


def test_an_account_that_is_deleted_while_the_transcriber_works(owner: Owner) -> None:
    """What it writes after that is removed when it has ended; the keys of the job go at once."""
    file_id = owner.keep_sealed(b"words")
    transcribe(owner, file_id)
    assert work(owner.deps) == 0
    delete_account(owner)
    assert owner.job(file_id, TRANSCRIBE).wrapped_keys is None
    answer_late(owner, file_id)
    owner.service.clock.pass_by(seconds=6)
    work_to_the_end(owner)
    assert nothing_is_known(owner)
    assert list(owner.deps.bucket.under("")) == []


def test_an_account_that_is_deleted_before_its_transcription_begins(owner: Owner) -> None:
    """Nobody opens the recording any more."""
    transcribe(owner, owner.keep_sealed(b"words"))
    delete_account(owner)
    work_to_the_end(owner)
    assert nothing_is_known(owner)


def test_an_account_that_is_deleted_after_a_worker_is_gone(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a transcription that was asked for, and of which nobody has heard, is forgotten with its text."""
    file_id = owner.keep_sealed(b"words")
    transcribe(owner, file_id)
    end_at(monkeypatch, owner, "started")
    with pytest.raises(Ends):
        work(owner.deps)
    delete_account(owner)
    answer_late(owner, file_id)
    owner.service.clock.pass_by(seconds=61)
    work_to_the_end(owner)
    assert nothing_is_known(owner)


def test_a_transcription_that_ends_under_an_erasure(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account whose transcription ends at that moment is deleted with its text."""
    transcribe(owner, owner.keep_sealed(b"words"))
    crossing(monkeypatch, AudioJobs, "orphan", lambda: work_to_the_end(owner))
    delete_account(owner)
    assert nothing_is_known(owner)


def test_the_sweep_gives_up_a_transcription_of_more_than_a_day(owner: Owner) -> None:
    """With the job goes all that it has made, here and at the transcriber."""
    file_id = owner.keep_sealed(b"words")
    transcribe(owner, file_id)
    assert work(owner.deps) == 0
    answer_late(owner, file_id)
    grow_old(owner, file_id, TRANSCRIBE)
    assert f"{file_id}: its job was never done.\n" in sweep(owner)
    assert nothing_is_known(owner)
    assert owner.deps.audio_jobs.open_jobs() == []


def test_a_job_that_is_forgotten_while_it_is_worked_on(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever loses a job that nobody goes on with removes what they have made."""
    file_id = owner.keep_sealed(b"words")
    transcribe(owner, file_id)
    job = owner.job(file_id, TRANSCRIBE)
    crossing(monkeypatch, owner.deps.transcriber, "start", lambda: owner.deps.audio_jobs.forget(job), after=True)
    assert work(owner.deps) == 0
    assert nothing_is_known(owner)


def test_what_cannot_be_removed_at_once_is_left_to_the_sweep(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transcript is done though its copy could not be removed."""
    file_id = owner.keep_sealed(b"words")
    transcribe(owner, file_id)

    def away(*_: object) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(_transcribing, "clear_transcription", away)
    work_to_the_end(owner)
    assert transcript(owner, file_id)["status"] == "done"
    assert owner.copies()


def test_a_transcript_of_what_is_deleted_meanwhile(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text that was sealed after its recording was deleted goes as well."""
    file_id = owner.keep_sealed(b"words")
    transcribe(owner, file_id)
    keep = Copies.keep

    def crossed(*given: Any) -> None:
        assert owner.ask("DELETE", f"{FILES}/{file_id}").status_code == 200
        keep(*given)

    monkeypatch.setattr(Copies, "keep", crossed)
    work_to_the_end(owner)
    assert list(owner.deps.bucket.under("")) == []


def test_an_answer_that_is_not_there(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transcriber that says it is done and has written nothing has failed."""
    file_id = owner.keep_sealed(b"words")
    transcribe(owner, file_id)
    assert work(owner.deps) == 0
    monkeypatch.setattr(owner.deps.transcriber, "ask", lambda _: Outcome(is_done=True))
    owner.service.clock.pass_by(seconds=6)
    assert work(owner.deps) == 0
    assert transcript(owner, file_id)["fault"]["code"] == "transcription_failed"


def test_the_adapter(owner: Owner) -> None:
    """To start again changes nothing, what is refused is said, what is unknown has failed, forgetting is no fault."""
    transcriber = owner.deps.transcriber
    assert transcriber is not None
    transcriber.start("panzoto-x", "decrypted/nothing.3gp", "decrypted/out.json", None)
    transcriber.start("panzoto-x", "decrypted/nothing.3gp", "decrypted/out.json", None)
    _until_done(owner, "panzoto-x")
    with pytest.raises(TranscriptionFailed) as failed:
        transcriber.ask("panzoto-x")
    assert "S3 URI" in str(failed.value.details)
    with pytest.raises(TranscriptionFailed):
        transcriber.start("no name of a job", "decrypted/nothing.3gp", "decrypted/out.json", "en-US")
    for _ in range(2):
        transcriber.forget("panzoto-x")
    with pytest.raises(TranscriptionFailed):
        transcriber.ask("panzoto-x")


def test_a_transcriber_that_is_away(owner: Owner) -> None:
    """It is asked again later."""
    with behaving(hanging_up) as address:
        client = Clients(replace(owner.deps.config, aws_endpoint=address)).transcribe()
        with pytest.raises(StorageUnavailable):
            AwsTranscriber(client, "bucket", "key").ask("panzoto-x")
        with pytest.raises(StorageUnavailable):
            AwsTranscriber(client, "bucket", "key").forget("panzoto-x")
        with pytest.raises(StorageUnavailable):
            AwsTranscriber(client, "bucket", "key").start("panzoto-x", "a", "b", None)


def test_sealed_text_keeps_to_its_recording() -> None:
    """It opens for its recording alone, under its key alone, and unchanged alone."""
    audio_key = secrets.token_bytes(32)
    key = transcript_key(audio_key, "me", "file")
    sealed = transcripts.seal("Grüße", key, "me", "file")
    assert transcripts.unseal(sealed, key, "me", "file") == "Grüße"
    assert transcript_key(audio_key, "me", "other") != key
    for data, with_key, user_id, file_id in (
        (sealed, key, "me", "other"),
        (sealed, key, "you", "file"),
        (sealed, transcript_key(audio_key, "me", "other"), "me", "file"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), key, "me", "file"),
        (sealed[:20], key, "me", "file"),
        (b"", key, "me", "file"),
    ):
        with pytest.raises(KeyRejected):
            transcripts.unseal(data, with_key, user_id, file_id)


def test_while_the_transcriber_works(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker asks and goes; whoever loses the job meanwhile leaves to its successor what that goes on with."""
    file_id = owner.keep_sealed(b"words")
    transcribe(owner, file_id)
    assert work(owner.deps) == 0
    monkeypatch.setattr(owner.deps.transcriber, "ask", lambda _: Outcome(is_done=False))
    assert transcript(owner, file_id)["status"] == "queued"
    owner.service.clock.pass_by(seconds=6)
    assert work(owner.deps) == 0
    (copy,) = owner.copies()

    def lost(*_: object, **__: object) -> None:
        raise JobLost

    owner.service.clock.pass_by(seconds=6)
    monkeypatch.setattr(owner.deps.audio_jobs, "give_back", lost)
    assert work(owner.deps) == 0
    assert owner.copies() == [copy]
    monkeypatch.undo()
    owner.service.clock.pass_by(seconds=61)
    work_to_the_end(owner)
    assert transcript(owner, file_id)["status"] == "done"
