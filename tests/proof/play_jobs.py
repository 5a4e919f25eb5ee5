"""The job of a recording: of many workers one does it, another goes on where one died, and no clear byte is left."""

from __future__ import annotations

from panzoto.flows._working import work
from panzoto.flows.authenticate import authenticate
from panzoto.flows.delete_audio import delete_audio
from panzoto.models.audio_file import AudioFile
from panzoto.models.auth_state.audio_job import DECRYPT, DONE
from tests.audio.conftest import send
from tests.audio.sealing import owner_of
from tests.crypto.streams import recording
from tests.proof.play import Play
from tests.proof.stage import Outcome
from tests.proof.standing import Standing
from tests.support.phones import HERE

CLEAR = recording(3000)
MOST_LOOKS = 20


def decrypt_job(on: Standing) -> Play:
    """Two workers find a job while the owner deletes the recording."""
    owner = owner_of(on.service)
    deps, user_id = on.deps, owner.user.user_id
    file_id = owner.keep_sealed(CLEAR)
    where = owner.decrypt(file_id).get_json()["status_url"]
    caller = authenticate(deps, owner.token)

    def delete() -> None:
        delete_audio(deps, caller, file_id, HERE)

    def copies() -> list[str]:
        return [each.key for each in deps.bucket.under(f"decrypted/{user_id}/")]

    def check(outcomes: list[Outcome]) -> None:
        assert all(each.refusal is None for each in outcomes[:2]), "a worker was refused"
        finish(on)
        job = deps.audio_jobs.find(DECRYPT, file_id)
        assert job is None or not job.is_open, "a job is never done"
        assert job is None or job.wrapped_keys is None, "a key outlives its job"
        there = copies()
        if outcomes[2].done:
            assert not there, "a copy outlives its recording"
            return
        if isinstance(deps.audio_files.look(file_id), AudioFile):
            assert job is not None
            assert job.state == DONE, "a job was given up"
            assert there == [job.object_key], "a copy was left that nobody is told of"
            assert send("GET", owner.ask("GET", where).get_json()["download_url"]).body == CLEAR
        if deps.audio_files.look(file_id) is not None:  # it may have crashed when all was done
            delete()
        assert not copies(), "a copy outlives its recording"

    return Play([lambda: work(deps), lambda: work(deps), delete], check)


def finish(on: Standing) -> None:
    """Let time pass, and workers look, until no job is open."""
    for _ in range(MOST_LOOKS):
        if work(on.deps) is None:
            return
        on.service.clock.pass_by(minutes=3)
