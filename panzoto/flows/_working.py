"""The workers: they find jobs of recordings, take one at a time, and go on where another has broken off.

Nobody looks for jobs while there are none: a worker looks when a job is begun, when its process starts, when somebody
asks for a job that is due, and, as long as jobs are open, when the next of them may be taken.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import structlog

from panzoto.counters import AUDIO_JOBS
from panzoto.crypto.text import new_id
from panzoto.deps import Deps
from panzoto.errors import KeysUnavailable, Overloaded, PanzotoError, StorageUnavailable, StoreUnavailable
from panzoto.models.auth_state.audio_job import DECRYPT, TRANSCRIBE, AudioJob
from panzoto.models.auth_state.audio_jobs import JobLost

from ._audio_jobs import Held, Stopping
from ._decrypting import clear_copy, decrypt
from ._transcribing import clear_transcription, transcribe

# What may be better in a moment; everything else is the end of a job.
PASSING = (KeysUnavailable, Overloaded, StorageUnavailable, StoreUnavailable)
MOST_ATTEMPTS = 5
PAUSE = timedelta(seconds=15)
UNEXPECTED = "Unexpected"
Clear = Callable[[Deps, AudioJob], None]
STEPS: dict[str, tuple[Callable[[Held], None], Clear]] = {
    DECRYPT: (decrypt, clear_copy),
    TRANSCRIBE: (transcribe, clear_transcription),
}

log = structlog.get_logger()


def wake(deps: Deps) -> None:
    """Let this process look for jobs, after the answer."""
    deps.workers.wake(partial(work, deps, lambda: deps.workers.stopping))


def work(deps: Deps, is_stopping: Callable[[], bool] = lambda: False) -> float | None:
    """Do one job that is due. In how many seconds it is worth looking again; None when no job is open."""
    now = deps.clock()
    jobs = deps.audio_jobs.open_jobs()
    random.shuffle(jobs)  # so that workers do not all reach for the same
    for job in jobs:
        if job.is_due(now) and (held := _taken(deps, job, is_stopping)):
            _do(held)
            return 0.0
    return max(1.0, min((job.due_at - now).total_seconds() for job in jobs)) if jobs else None


def _taken(deps: Deps, job: AudioJob, is_stopping: Callable[[], bool]) -> Held | None:
    """The job, unless another worker was faster."""
    now = deps.clock()
    try:
        claimed = deps.audio_jobs.claim(job, new_id("wrk_"), now, deps.config.decrypt_job_lease)
    except JobLost:
        return None
    return Held(deps, claimed, now, is_stopping)


def _do(held: Held) -> None:
    """Do a job, whatever comes of it."""
    kind, outcome = held.job.kind, "interrupted"
    try:
        outcome = _tried(held)
    finally:
        AUDIO_JOBS.labels(kind, outcome).inc()
        log.info("audio_job", kind=kind, job=held.job.job_id, outcome=outcome, attempt=held.job.attempts)


def _tried(held: Held) -> str:
    """One try, and what became of it."""
    step, clear = STEPS[held.job.kind]
    try:
        _require_hope(held.job)
        step(held)
        outcome = "done"
    except JobLost:
        if held.job.stage is None or not _goes_on(held):
            _cleared(held.deps, held.job, clear)
        outcome = "lost"
    except Stopping:
        _given_back(held)
        outcome = "given back"
    except (KeyboardInterrupt, SystemExit):
        _given_back(held)
        raise
    except PASSING as fault:
        outcome = _put_off(held, clear, fault)
    except PanzotoError as fault:
        outcome = _failed(held, clear, type(fault).__name__)
    except Exception:
        log.exception("audio_job_failed", job=held.job.job_id)
        outcome = _failed(held, clear, UNEXPECTED)
    return outcome


def _given_back(held: Held) -> None:
    """Let somebody go on at once, no try lost. What is in the way of that must not keep the process from ending."""
    with suppress(PanzotoError):  # what is done by now, or comes back when the lease is over
        held.give_back(timedelta(), attempts=held.job.attempts - 1)


def _goes_on(held: Held) -> bool:
    """Whether a successor has the job, and goes on with what was made of it; the job may have been forgotten."""
    job = held.deps.audio_jobs.find(held.job.kind, held.job.file_id)
    return job is not None and job.job_id == held.job.job_id


def _require_hope(job: AudioJob) -> None:
    """Raise for a job that has ended so many processes, or met so many faults, that nobody tries it again."""
    if job.attempts > MOST_ATTEMPTS:
        raise StorageUnavailable


def _put_off(held: Held, clear: Clear, fault: PanzotoError) -> str:
    """Wait longer each time, and in the end no more."""
    if held.job.attempts >= MOST_ATTEMPTS:
        return _failed(held, clear, type(fault).__name__)
    held.give_back(PAUSE * held.job.attempts, attempts=held.job.attempts)
    return "put off"


def _failed(held: Held, clear: Clear, fault: str) -> str:
    left = held.job
    held.finish(fault)
    _cleared(held.deps, left, clear)
    return fault


def _cleared(deps: Deps, job: AudioJob, clear: Clear) -> None:
    with suppress(StorageUnavailable):  # what cannot be removed now is removed by the sweep
        clear(deps, job)
