"""Recordings: upload, record, list, get, delete."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, url_for
from flask_openapi3 import APIBlueprint, Tag

from panzoto.flows import delete_audio, download_audio, record_audio, upload_audio
from panzoto.web.answers import done
from panzoto.web.guards import caller, signed_in, signed_in_beside, signed_in_now
from panzoto.web.recordings import audio_file, offer
from panzoto.web.requests import client, deps
from panzoto.web.schemas import ErrorBody
from panzoto.web.shapes import audio as shapes

TAG = Tag(name="recordings", description="Upload, record, list, get, delete.")
Responses = dict[int | str, Any]
BEGUN: Responses = {201: shapes.UploadShape, 413: ErrorBody}
RESUMED: Responses = {200: shapes.UploadShape, 404: ErrorBody, 429: ErrorBody}
DELETED: Responses = {200: shapes.Done, 404: ErrorBody, 409: ErrorBody}
RECORDED: Responses = {201: shapes.AudioFileAnswer, 409: ErrorBody, 413: ErrorBody, 422: ErrorBody}

audio = APIBlueprint("audio", __name__, url_prefix="/api/v1/audio-files", abp_tags=[TAG])
# The seed's addresses, where old apps call.
seed = APIBlueprint("seed_audio", __name__, url_prefix="/api", abp_tags=[TAG])


@audio.post("/uploads", summary="Begin an upload", responses=BEGUN)
@signed_in
def post_upload(body: shapes.NewUpload) -> tuple[Response, int]:
    """Where to put a recording: one address, or one for each part of a large one. What is put there must be as said."""
    begun = upload_audio.begin_upload(
        deps(), caller(), body.filename, body.content_type, body.file_size, checksum_sha256=body.checksum_sha256
    )
    return _offered(begun), 201


@audio.get("/uploads/<file_id>", summary="Go on with an upload", responses=RESUMED)
@signed_in_now
def get_upload(path: shapes.AudioPath) -> Response:
    """Fresh addresses for what has not arrived; `received` has the parts that have."""
    return _offered(upload_audio.resume_upload(deps(), caller(), path.file_id))


@audio.post(
    "/uploads/<file_id>",
    summary="Go on with the same file",
    responses={200: shapes.UploadShape, 404: ErrorBody, 409: ErrorBody},
)
@signed_in
def post_upload_again(path: shapes.AudioPath, body: shapes.SealedFile) -> Response:
    """The same for an app that says which file it sends: whoever has sealed it again meanwhile hears so."""
    return _offered(upload_audio.resume_upload(deps(), caller(), path.file_id, body.checksum_sha256))


@audio.post(
    "/uploads/<file_id>/complete",
    summary="Put the parts together",
    responses={200: shapes.Completed, 404: ErrorBody, 409: ErrorBody, 422: ErrorBody},
)
@signed_in
def post_complete(path: shapes.AudioPath) -> Response:
    """Put the parts together, when all have arrived. It needs no body: S3 tells which parts there are."""
    upload = upload_audio.complete_upload(deps(), caller(), path.file_id)
    return jsonify(status="uploaded", file_id=upload.file_id, s3_key=upload.s3_key, file_size=upload.file_size)


@audio.delete("/uploads/<file_id>", summary="Give an upload up", responses=DELETED)
@signed_in
def delete_upload(path: shapes.AudioPath) -> tuple[Response, int]:
    """Give an upload up, with what has arrived of it."""
    upload_audio.abort_upload(deps(), caller(), path.file_id)
    return done("given_up")


@audio.post("", summary="Record an upload", responses={200: shapes.AudioFileAnswer, **RECORDED})
@signed_in
def post_audio_file(body: shapes.NewAudioFile) -> tuple[Response, int]:
    """Record what was uploaded, if it is there and of that size. The same key again answers 200 and the same record."""
    verify = deps().config.verify_uploads is not False
    made = record_audio.record_audio(deps(), caller(), body.s3_key, body.file_size, verify=verify)
    return jsonify(audio_file=audio_file(made.file, caller().user)), 201 if made.is_new else 200


@seed.post("/audio-file", summary="Record an upload (the old address)", responses=RECORDED)
@signed_in
def post_audio_file_of_seed(body: shapes.SeedAudioFile) -> tuple[Response, int]:
    """The same for old apps: without VERIFY_UPLOADS the caller is believed, and every answer is 201."""
    verify = deps().config.verify_uploads is True
    made = record_audio.record_audio(deps(), caller(), body.s3_key, body.file_size, verify=verify)
    return jsonify(audio_file=audio_file(made.file, caller().user)), 201


@seed.get("/user/audio-files", summary="List (the old address)", responses={200: shapes.AudioFileList})
@audio.get("", summary="My recordings", responses={200: shapes.AudioFileList})
@signed_in_beside
def get_audio_files(query: shapes.AudioQuery) -> Response:
    """The caller's recordings, newest first."""
    page = deps().audio_files.page(caller().user_id, limit=query.limit, cursor=query.cursor)
    user = caller().user
    return jsonify(audio_files=[audio_file(each, user) for each in page.files], cursor=page.cursor)


@audio.get("/<file_id>", summary="One recording", responses={200: shapes.AudioFileAnswer, 404: ErrorBody})
@signed_in_beside
def get_audio_file(path: shapes.AudioPath) -> Response:
    """What is recorded of a recording."""
    return jsonify(audio_file=audio_file(download_audio.get_audio(deps(), caller(), path.file_id), caller().user))


@audio.get(
    "/<file_id>/download",
    summary="Get the sealed file",
    responses={200: shapes.DownloadShape, 404: ErrorBody, 409: ErrorBody},
)
@signed_in_beside
def get_download(path: shapes.AudioPath) -> Response:
    """An address that gives the file as it was uploaded, sealed, for a short while."""
    found = download_audio.download_audio(deps(), caller(), path.file_id)
    return jsonify(download_url=found.url, expires_at=found.expires_at.isoformat())


@audio.delete("/<file_id>", summary="Delete a recording", responses=DELETED)
@signed_in
def delete_audio_file(path: shapes.AudioPath) -> tuple[Response, int]:
    """Delete a recording and its file. It leaves the list at once; on 503 ask again, or leave the rest to us."""
    delete_audio.delete_audio(deps(), caller(), path.file_id, client())
    return done("deleted")


def _offered(offered: upload_audio.Offer) -> Response:
    return jsonify(offer(offered, url_for("audio.post_complete", file_id=offered.upload.file_id)))
