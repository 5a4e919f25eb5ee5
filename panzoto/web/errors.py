"""What the client hears of each error: the one table error -> status and code. What is not in it is a bare 500."""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from panzoto import errors
from panzoto.aws import refusing
from panzoto.errors import PanzotoError

from .parking import LATE
from .requests import deps

TABLE: dict[type[PanzotoError], tuple[int, str]] = {
    errors.InvalidRequest: (400, "invalid_request"),
    errors.MalformedJson: (400, "malformed_json"),
    errors.InvalidCursor: (400, "invalid_cursor"),
    errors.WeakPassword: (400, "weak_password"),
    errors.LinkInvalid: (400, "link_invalid"),
    errors.AudioDecisionNeeded: (409, "audio_decision_needed"),
    errors.DeviceMismatch: (401, "device_mismatch"),
    errors.RateLimited: (429, "rate_limited"),
    errors.NotApproved: (403, "not_approved"),
    errors.CodeRejected: (401, "code_rejected"),
    errors.CodeSpent: (429, "code_spent"),
    errors.CountryNotServed: (422, "country_not_served"),
    errors.LastAdmin: (409, "last_admin"),
    errors.LastWayIn: (409, "last_way_in"),
    errors.PhoneTaken: (409, "phone_taken"),
    errors.RecentSignInNeeded: (403, "recent_sign_in_needed"),
    errors.SessionEnded: (401, "session_ended"),
    errors.SignInNeeded: (401, "sign_in_needed"),
    errors.StorageUnavailable: (503, "storage_unavailable"),
    errors.KeysUnavailable: (503, "keys_unavailable"),
    errors.FileTooLarge: (413, "file_too_large"),
    errors.UploadMissing: (409, "upload_missing"),
    errors.PartsMissing: (409, "parts_missing"),
    errors.AnotherFile: (409, "another_file"),
    errors.SizeMismatch: (422, "size_mismatch"),
    errors.FileLost: (409, "file_lost"),
    errors.KeyTaken: (409, "key_taken"),
    errors.KeyRejected: (400, "key_rejected"),
    errors.RecoveryKeyMistyped: (400, "recovery_key_mistyped"),
    errors.WrongPassword: (401, "wrong_password"),
    errors.TokenInvalid: (401, "token_invalid"),
    errors.TokenExpired: (401, "token_expired"),
    errors.AccessDenied: (403, "access_denied"),
    errors.NotFound: (404, "not_found"),
    errors.Conflict: (409, "conflict"),
    errors.EmailTaken: (409, "email_taken"),
    errors.NotJson: (415, "not_json"),
    errors.AddressRefused: (422, "address_refused"),
    errors.AudioDamaged: (422, "audio_damaged"),
    errors.SealedUnderOldKey: (422, "sealed_under_old_key"),
    errors.ContentTokenNeeded: (403, "content_token_needed"),
    errors.TranscriptionFailed: (422, "transcription_failed"),
    errors.TranscriptionNotOffered: (501, "transcription_not_offered"),
    errors.SmsNotOffered: (501, "sms_not_offered"),
    errors.MessageNotSent: (503, "message_not_sent"),
    errors.Overloaded: (503, "overloaded"),
    errors.StoreBusy: (503, "busy"),
    errors.StoreUnavailable: (503, "unavailable"),
    errors.OutboxUnavailable: (503, "outbox_unavailable"),
    errors.OAuthFault: (400, "oauth_failed"),
    errors.ProviderUnknown: (404, "provider_unknown"),
    errors.ProviderUnavailable: (503, "provider_unavailable"),
    errors.ProviderMisbehaved: (502, "provider_misbehaved"),
    errors.ProviderRefused: (502, "provider_refused"),
    errors.ProviderNotReady: (501, "provider_not_ready"),
    errors.OAuthDenied: (403, "oauth_denied"),
    errors.StateUnknown: (400, "oauth_state_unknown"),
    errors.StateUsed: (400, "oauth_state_used"),
    errors.OtherBrowser: (400, "oauth_other_browser"),
    errors.OtherIssuer: (400, "oauth_other_issuer"),
    errors.RedirectRefused: (400, "redirect_refused"),
    errors.GrantRefused: (400, "oauth_code_refused"),
    errors.HandoffInvalid: (400, "handoff_invalid"),
    errors.IdTokenInvalid: (400, "id_token_invalid"),
    errors.IdTokenAlgorithm: (400, "id_token_algorithm"),
    errors.IdTokenKey: (400, "id_token_key"),
    errors.IdTokenSignature: (400, "id_token_signature"),
    errors.IdTokenIssuer: (400, "id_token_issuer"),
    errors.IdTokenAudience: (400, "id_token_audience"),
    errors.IdTokenNonce: (400, "id_token_nonce"),
    errors.IdTokenExpired: (400, "id_token_expired"),
    errors.IdTokenUsed: (400, "id_token_used"),
    errors.LinkNeeded: (409, "link_needed"),
    errors.IdentityTaken: (409, "identity_taken"),
    errors.ProviderTaken: (409, "provider_taken"),
    errors.NotConnected: (404, "not_connected"),
    errors.ConnectionEnded: (409, "connection_ended"),
    errors.ScopeMissing: (403, "scope_missing"),
    errors.TokensKeptBack: (403, "tokens_kept_back"),
}
# The errors of HTTP itself, whose sentences are ours.
HTTP: dict[int, tuple[str, str]] = {
    400: ("bad_request", "The request cannot be read."),
    404: ("not_found", errors.NotFound.sentence),
    405: ("method_not_allowed", "This address does not answer to this method."),
    408: ("too_slow", "The body did not arrive in time."),
    413: ("body_too_large", "The body is larger than this service accepts."),
    414: ("address_too_long", "The address is longer than this service accepts."),
    416: ("range_not_satisfiable", "The range that was asked for does not exist."),
    431: ("headers_too_large", "The headers are larger than this service accepts."),
}
KEPT_HEADERS = frozenset({"Allow", "Content-Range", "Retry-After"})

log = structlog.get_logger()


def status_of(error: PanzotoError) -> int:
    """The status that a client gets for an error."""
    return _answer_of(type(error))[0]


def code_of(kind: type[PanzotoError]) -> str:
    """The code that a client gets for a kind of error."""
    return _answer_of(kind)[1]


def _answer_of(kind: type[PanzotoError]) -> tuple[int, str]:
    return next(TABLE[each] for each in kind.__mro__ if each in TABLE)


def note(error: PanzotoError) -> None:
    """Log what operators want to know of an error that a client hears; for want of room it is heard later."""
    if isinstance(error, errors.Overloaded):
        request.environ[LATE] = True
    if isinstance(error, errors.RateLimited):
        log.warning("rate_limited", limit=error.limit)
    if isinstance(error, errors.StoreUnavailable):
        log.warning("store_unavailable", error=type(error).__name__, cause=repr(error.__cause__))
    if isinstance(error, errors.ProviderUnavailable | errors.ProviderMisbehaved | errors.ProviderRefused):
        log.warning("provider_failed", error=type(error).__name__, reason=error.reason)
    if isinstance(error, errors.KeysUnavailable):
        log.warning("keys_unavailable", cause=repr(error.__cause__))
    if isinstance(error, errors.StorageUnavailable):
        log.warning("storage_unavailable", cause=repr(error.__cause__))
    if (reason := refusing.reason(error.__cause__, deps().clock())) is not None:
        log.error("aws_refuses_this_host", reason=reason, cause=repr(error.__cause__))


def refusal(error: PanzotoError, response: Response) -> Response:
    """An answer that tells of an error: under its status, with the time after which to try again, and noted."""
    note(error)
    response.status_code = status_of(error)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def refused_page(template: str, error: PanzotoError, **values: str | None) -> Response:
    """A page that says what is wrong, under the status that a program would get."""
    return refusal(error, make_response(render_template(template, problem=str(error), **values)))


def _say(error: PanzotoError) -> Response:
    status, code = _answer_of(type(error))
    body = {"error": str(error), "code": code, "request_id": g.request_id}
    if error.details:
        body["details"] = list(error.details)
    response = refusal(error, jsonify(body))
    if status == 401:  # noqa: PLR2004 (RFC 9110 asks for it)
        response.headers["WWW-Authenticate"] = 'Bearer realm="panzoto"'
    return response


def _say_http(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None or status < 400:  # noqa: PLR2004 (a redirect is no error)
        return error.get_response()  # type: ignore[return-value]
    code, sentence = HTTP.get(status, ("http_error", error.description or "The request cannot be served."))
    response = jsonify({"error": sentence, "code": code, "request_id": g.request_id})
    response.status_code = status
    for name, value in error.get_headers():
        if name in KEPT_HEADERS:
            response.headers[name] = value
    return response


def _say_nothing(error: Exception) -> Response:
    log.error("unexpected_error", exc_info=error)
    sentence = "Something went wrong on our side. The request_id helps us to find out what."
    response = jsonify({"error": sentence, "code": "internal", "request_id": g.request_id})
    response.status_code = 500
    return response


def install(app: Flask) -> None:
    """Answer every error in one shape."""
    app.register_error_handler(PanzotoError, _say)
    app.register_error_handler(HTTPException, _say_http)
    app.register_error_handler(Exception, _say_nothing)
