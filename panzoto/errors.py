"""What can go wrong: one class and one sentence each. It knows no HTTP and no boto.

`panzoto/web/errors.py` says what a client hears of each; what is not there is a bare 500 and a log line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class PanzotoError(Exception):
    """Something went wrong that the caller should hear of. A subclass gives the sentence."""

    sentence = "Something went wrong."

    def __init__(
        self,
        sentence: str | None = None,
        *,
        retry_after: int | None = None,
        details: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(sentence or self.sentence)
        self.retry_after = retry_after
        self.details = tuple(details)


class InvalidRequest(PanzotoError):
    """The request does not have the shape that the route asks for; `details` names each field."""

    sentence = "The request is not valid."


class MalformedJson(PanzotoError):
    """The body is not JSON, or not a JSON object."""

    sentence = "The body must be a JSON object."


class NotJson(PanzotoError):
    """The body does not say that it is JSON."""

    sentence = "Send the body as JSON, with the header Content-Type: application/json."


class InvalidCursor(PanzotoError):
    """A page cursor that we did not make, or that was made for another list."""

    sentence = "The cursor is not valid for this list. Start again without a cursor."


class NotFound(PanzotoError):
    """There is no such thing, or it is not the caller's."""

    sentence = "There is nothing at this address."


class AccessDenied(PanzotoError):
    """The caller may not do this."""

    sentence = "You may not do this."


class Conflict(PanzotoError):
    """Somebody else changed the same thing first."""

    sentence = "Somebody else changed this at the same moment. Look at it again before you retry."


class EmailTaken(Conflict):
    """Another account has this email."""

    sentence = "User already exists"


class PhoneTaken(Conflict):
    """Another account has this phone."""

    sentence = "Another account has this phone number."


class NotApproved(PanzotoError):
    """Only people whose verified email was approved may have an account here, and this one was not, or no longer."""

    sentence = "This email is not approved for this service. Ask the people who run it."


class CodeRejected(PanzotoError):
    """A code that is not the one that was sent, to this phone and for this device, or whose time is over."""

    sentence = "The code is wrong, or its time is over. Check it, or ask for a new one."


class CodeSpent(PanzotoError):
    """So many guesses at a code were wrong that no more is looked at."""

    sentence = "Too many wrong codes. Ask for a new one."


class CountryNotServed(PanzotoError):
    """The operator does not send SMS to that country."""

    sentence = "This service does not send SMS to this country."


class LastWayIn(PanzotoError):
    """Without this the person could not sign in any more."""

    sentence = "This is the only way into the account. Add another first."


class WrongPassword(PanzotoError):
    """The password is not the account's, or there is no such account: nobody hears which."""

    sentence = "Invalid email or password"


class WeakPassword(PanzotoError):
    """A new password that somebody could guess; the sentence says why."""

    sentence = "Choose another password: this one is easy to guess."


class TokenInvalid(PanzotoError):
    """A token that we did not make, or not for this use."""

    sentence = "The token is not valid. Sign in again."


class TokenExpired(PanzotoError):
    """A token of ours whose time is over."""

    sentence = "The token has expired."


class LinkInvalid(PanzotoError):
    """A one-use token of a mail or message that we did not send, that was used, or whose time is over."""

    sentence = "This link is not valid any more. Ask for a new one."


class SignInNeeded(PanzotoError):
    """The request names no sign-in, and the route asks for one."""

    sentence = "Token is missing"


class SessionEnded(PanzotoError):
    """The session was ended, has run out, or its account may not sign in any more."""

    sentence = "This sign-in has ended. Sign in again."


class DeviceMismatch(PanzotoError):
    """A refresh token came from another device than the one that the session is bound to."""

    sentence = "This sign-in belongs to another device."


class RecentSignInNeeded(PanzotoError):
    """The act asks for a sign-in that is not long ago, or for the password."""

    sentence = "Sign in again, or send current_password, to do this."


class AudioDecisionNeeded(PanzotoError):
    """A reset without the recovery key loses the recordings that exist: their owner must say so."""

    sentence = (
        "Without recovery_key the recordings made so far cannot be read any more. "
        "Send recovery_key, or abandon_audio: true if that is what you want."
    )


class RateLimited(PanzotoError):
    """A limit was reached; `limit` names it for the log."""

    sentence = "Too many attempts. Please wait before you try again."

    def __init__(self, limit: str, *, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)
        self.limit = limit


class StorageUnavailable(PanzotoError):
    """S3 does not answer."""

    sentence = "The service cannot reach its storage of recordings just now. Please try again."


class KeysUnavailable(PanzotoError):
    """KMS does not answer, or refuses to."""

    sentence = "The service cannot reach its keys just now. Please try again."


class FileTooLarge(PanzotoError):
    """A recording is larger than `MAX_UPLOAD_BYTES`."""

    sentence = "The file is larger than this service accepts."


class UploadMissing(Conflict):
    """A recording is to be recorded whose object is not in the bucket."""

    sentence = "The file has not been uploaded: there is nothing under this s3_key. Upload it, then record it."


class PartsMissing(Conflict):
    """An upload in parts is to be completed before all of them have arrived; `details` names the first of them."""

    sentence = "Some parts have not been uploaded. Ask for the upload again to get addresses for them."


class SizeMismatch(PanzotoError):
    """The object in the bucket, or the upload, has another size than the request says."""

    sentence = "The file does not have this size."


class FileLost(PanzotoError):
    """A recording was uploaded and recorded again while an old deletion of it was at the file, which is gone."""

    sentence = "This recording was recorded again while it was being deleted: its file is gone. Delete it again."


class KeyTaken(Conflict):
    """Another recording has this s3_key, whoever's it is."""

    sentence = "This s3_key belongs to another recording."


class KeyRejected(PanzotoError):
    """A key that does not open what it was tried on: another key, another owner, or changed bytes."""

    sentence = "This key does not open the audio key."


class AudioDamaged(PanzotoError):
    """A recording that is not what its owner's app encrypted under this name, whole and unchanged."""

    sentence = "This recording cannot be decrypted: it is damaged, incomplete, or not encrypted for this account."


class SealedUnderOldKey(PanzotoError):
    """A recording whose audio key its owner gave up, by a reset without the recovery key."""

    sentence = (
        "This recording was sealed under an audio key that was given up when the password was reset without the "
        "recovery key. It cannot be decrypted any more."
    )


class ContentTokenNeeded(PanzotoError):
    """A recording is to be streamed without a token for it, or with one of another recording, session or time."""

    sentence = "Ask for a content_token with a POST to this address, and send it in the header X-Content-Token."


class TranscriptionNotOffered(PanzotoError):
    """This service was set up without a transcriber."""

    sentence = "This service does not transcribe."


class TranscriptionFailed(PanzotoError):
    """The transcriber could not make text of a recording; `details` may say why."""

    sentence = "This recording could not be transcribed."


class RecoveryKeyMistyped(PanzotoError):
    """A recovery key with a typing error, whosever it is."""

    sentence = "The recovery key has a typing error. Compare it with your copy, group by group."


class Overloaded(PanzotoError):
    """This process has as much in work as it can bear: passwords to hash, or jobs for after the answer."""

    sentence = "The service is very busy just now. Please try again in a moment."


class StoreUnavailable(PanzotoError):
    """DynamoDB could not be reached, or did not answer in time. Whether a write took effect is not known."""

    sentence = "The service cannot reach its storage just now. Please try again."


class StoreBusy(StoreUnavailable):
    """DynamoDB answered that it is asked too much, for longer than the caller can wait."""

    sentence = "The service is very busy just now. Please try again in a moment."


class OutboxUnavailable(PanzotoError):
    """The embedded AWS of `make run`, which keeps the outbox, does not answer."""

    sentence = "The embedded AWS does not answer, so the outbox cannot be read."


class MessageNotSent(PanzotoError):
    """A mail or an SMS could not be handed over. `again` says that nothing was sent, and that a second try may help."""

    sentence = "The message could not be sent just now. Please try again in a moment."

    def __init__(self, reason: str, *, again: bool = False) -> None:
        super().__init__(retry_after=10)
        self.reason = reason
        self.again = again


class AddressRefused(PanzotoError):
    """No mail or SMS can go to this address: it is none, or the provider refuses it for good."""

    sentence = "No message can be sent to this address. Check it, or give another."


class SmsNotOffered(PanzotoError):
    """This service was set up without SMS."""

    sentence = "This service does not send SMS."


class UndeclaredOperation(Exception):
    """A defect of ours: a call that the declaration of its table does not permit."""


class StoreRefused(Exception):
    """A defect of ours: DynamoDB refused a request as wrong, or the service's role does not permit it."""


class TransactionLost(Exception):
    """A transaction of ours was refused because of some members, and the caller named no error for them."""

    def __init__(self, failed: Sequence[str]) -> None:
        super().__init__(f"a transaction was refused: {', '.join(failed)}")
        self.failed = tuple(failed)
