"""Recordings in clear: decrypted for transcription, streamed, transcribed."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request, url_for
from flask_openapi3 import APIBlueprint, Tag

from panzoto.flows import stream_audio, transcribe_audio
from panzoto.flows.decrypt_audio import Begun, decrypt_audio
from panzoto.flows.follow_job import Followed, follow_job
from panzoto.web import jobs
from panzoto.web.guards import caller, signed_in, signed_in_beside
from panzoto.web.recordings import audio_file
from panzoto.web.requests import client, deps, maybe_secret
from panzoto.web.schemas import ErrorBody
from panzoto.web.shapes import decryption as shapes
from panzoto.web.shapes.audio import AudioPath
from panzoto.web.streaming import etag_of, streamed

TAG = Tag(name="recordings in clear", description="Decrypt, stream, transcribe.")
Responses = dict[int | str, Any]
REFUSED: Responses = {400: ErrorBody, 401: ErrorBody, 403: ErrorBody, 404: ErrorBody, 409: ErrorBody, 422: ErrorBody}
DECRYPTED: Responses = {200: shapes.Ready, 202: shapes.JobShape, **REFUSED}
# A recording has the type that it was uploaded with, whatever that is.
BYTES = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
STREAMED: Responses = {200: {**BYTES}, 206: {**BYTES}, 416: ErrorBody, **REFUSED}

decryption = APIBlueprint("decryption", __name__, url_prefix="/api/v1/audio-files", abp_tags=[TAG])
# The seed's address, where old apps call.
seed = APIBlueprint("seed_decryption", __name__, url_prefix="/api", abp_tags=[TAG])


@decryption.post("/<file_id>/decrypt", summary="Decrypt for transcription", responses=DECRYPTED)
@signed_in
def post_decrypt(path: AudioPath, body: shapes.Proof) -> tuple[Response, int]:
    """A decrypted copy for a short while; a large recording is decrypted after the answer, which says where to ask."""
    return _decrypted(body, file_id=path.file_id)


@seed.post("/decrypt-audio", summary="Decrypt for transcription (the old address)", responses=DECRYPTED)
@signed_in
def post_decrypt_of_seed(body: shapes.SeedDecrypt) -> tuple[Response, int]:
    """The same for old apps, by `file_id` or, where that is not there, by `s3_key`."""
    return _decrypted(body, file_id=body.file_id, s3_key=body.s3_key)


@decryption.get("/<file_id>/jobs/<job_id>", summary="How far it is", responses={200: shapes.JobShape, 404: ErrorBody})
@signed_in_beside
def get_job(path: shapes.JobPath) -> Response:
    """How far a decryption is, until an hour after; sessions that asked for it get a fresh address for the copy."""
    return jsonify(_job(follow_job(deps(), caller(), path.file_id, path.job_id)))


@decryption.post("/<file_id>/content", summary="Be allowed to stream", responses={200: shapes.ContentShape, **REFUSED})
@signed_in
def post_content(path: AudioPath, body: shapes.Proof) -> Response:
    """A token with which this session streams this recording for a few minutes, by range too."""
    allowed = stream_audio.allow_content(deps(), caller(), path.file_id, maybe_secret(body.password), client())
    content = stream_audio.Content(file=allowed.file, sealed=allowed.sealed)
    return jsonify(
        content_url=url_for("decryption.get_content", file_id=path.file_id),
        content_token=allowed.token,
        expires_at=allowed.expires_at.isoformat(),
        content_type=allowed.file.content_type,
        content_length=allowed.sealed.length,
        etag=etag_of(content),
    )


@decryption.get("/<file_id>/content", summary="Stream a recording", responses=STREAMED)
@signed_in
def get_content(path: AudioPath) -> Response:
    """The recording, or a range of it. A stream that ends before `Content-Length` is not the recording."""
    token = request.headers.get("X-Content-Token")
    content = stream_audio.open_content(deps(), caller(), path.file_id, token, client())
    return streamed(content, client())


@decryption.post(
    "/<file_id>/transcribe",
    summary="Make text of it",
    responses={202: shapes.TranscriptShape, **REFUSED, 501: ErrorBody},
)
@signed_in
def post_transcribe(path: AudioPath, body: shapes.Transcribe) -> tuple[Response, int]:
    """Text is made after the answer; ask for the transcript to see how far it is."""
    password = maybe_secret(body.password)
    job = transcribe_audio.transcribe_audio(deps(), caller(), path.file_id, password, body.language, client())
    response = jsonify(status=job.state, language=job.language)
    response.headers["Location"] = url_for("decryption.get_transcript", file_id=path.file_id)
    response.headers["Retry-After"] = str(jobs.RETRY_AFTER)
    return response, 202


@decryption.get(
    "/<file_id>/transcript", summary="The text, sealed", responses={200: shapes.TranscriptShape, 404: ErrorBody}
)
@signed_in_beside
def get_transcript(path: AudioPath) -> Response:
    """The text sealed under the audio key, or how far it is."""
    return jsonify(jobs.transcript(transcribe_audio.find_transcript(deps(), caller(), path.file_id)))


@decryption.post("/<file_id>/transcript", summary="The text in clear", responses={200: shapes.TextShape, **REFUSED})
@signed_in
def post_transcript(path: AudioPath, body: shapes.Proof) -> Response:
    """The text in clear, for whoever proves that it is theirs."""
    password = maybe_secret(body.password)
    return jsonify(text=transcribe_audio.read_transcript(deps(), caller(), path.file_id, password, client()))


def _decrypted(body: shapes.Proof, *, file_id: str | None, s3_key: str | None = None) -> tuple[Response, int]:
    password = maybe_secret(body.password)
    found = decrypt_audio(deps(), caller(), password, client(), file_id=file_id, s3_key=s3_key)
    if isinstance(found, Begun):
        answer = _job(Followed(found.file, found.job))
        response = jsonify(answer)
        response.headers["Location"] = answer["status_url"]
        response.headers["Retry-After"] = str(jobs.RETRY_AFTER)
        return response, 202
    response = jsonify(
        status="ready_for_transcription",
        file_info=audio_file(found.file, caller().user),
        download_url=found.url,
        expires_at=found.expires_at.isoformat(),
    )
    return response, 200


def _job(found: Followed) -> dict[str, Any]:
    job = found.job
    return jobs.job(found, caller().user, url_for("decryption.get_job", file_id=job.file_id, job_id=job.job_id))
