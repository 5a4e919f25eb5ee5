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


class LastAdmin(Conflict):
    """Somebody would be removed without whom nobody administers the service."""

    sentence = "This is the last administrator. Make another one first."


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


class AnotherFile(Conflict):
    """An upload was begun with one sealed file, and is to go on with another: together they make none."""

    sentence = "This upload was begun with another file. Go on with that one, or give the upload up and begin another."


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


class OAuthFault(PanzotoError):
    """A flow with another provider came to nothing; each below says where. The flow's log has the step."""

    sentence = "The sign-in with the other provider did not work. Begin again."


class ProviderUnknown(NotFound):
    """No provider of that name is configured."""

    sentence = "There is no such provider here."


class ProviderUnavailable(OAuthFault):
    """A provider does not answer, or answers that it cannot just now."""

    sentence = "The other provider does not answer just now. Please try again."

    def __init__(self, reason: str = "no answer") -> None:
        super().__init__(retry_after=5)
        self.reason = reason


class ProviderMisbehaved(OAuthFault):
    """A provider answered what the protocol does not allow, or without end."""

    sentence = "The other provider gave an answer that cannot be used."

    def __init__(self, reason: str = "not an answer") -> None:
        super().__init__()
        self.reason = reason


class ProviderRefused(OAuthFault):
    """A provider refuses us, not the person: our client there is not what it should be, as a rule."""

    sentence = "The other provider refuses this service. Whoever runs it must look after its settings there."

    def __init__(self, reason: str = "refused") -> None:
        super().__init__()
        self.reason = reason


class ProviderNotReady(OAuthFault):
    """A provider is named in the configuration, and its client is not where that says."""

    sentence = "This way to sign in was not set up to its end."


class OAuthDenied(OAuthFault):
    """The person said no at the provider."""

    sentence = "The other provider was told not to let you in here. Begin again if that was not you."


class StateUnknown(OAuthFault):
    """Whoever comes back from a provider did not leave from here, or so long ago that it does not count."""

    sentence = "This sign-in did not begin here, or too long ago. Begin again."


class StateUsed(OAuthFault):
    """Whoever comes back from a provider has come back before."""

    sentence = "This sign-in has been used already. Begin again."


class OtherBrowser(OAuthFault):
    """Whoever comes back from a provider left from another browser."""

    sentence = "This sign-in began in another browser. Begin again in this one."


class OtherIssuer(OAuthFault):
    """The answer names another issuer than the one that was asked (RFC 9207)."""

    sentence = "The answer came from another provider than the one that was asked."


class RedirectRefused(OAuthFault):
    """The place to come back to is not one of the configured ones, sign for sign."""

    sentence = "This service does not lead back to that address."


class GrantRefused(OAuthFault):
    """A provider does not take a code: it was used, is another client's, or its verifier is another."""

    sentence = "The other provider does not accept this code. Begin again."


class HandoffInvalid(OAuthFault):
    """The code that the app was handed is none, was used, is too old, or is another app's."""

    sentence = "This code is not valid any more. Begin again."


class IdTokenInvalid(OAuthFault):
    """What should be an id token is none, or lacks what it must say."""

    sentence = "The other provider's id token is not valid."


class IdTokenAlgorithm(IdTokenInvalid):
    """An id token is signed by an algorithm that is not allowed, or by none."""

    sentence = "The id token is not signed as it must be."


class IdTokenKey(IdTokenInvalid):
    """An id token names a key that its provider does not have."""

    sentence = "The id token is signed by a key that the provider does not have."


class IdTokenSignature(IdTokenInvalid):
    """An id token's signature is not its key's."""

    sentence = "The id token was not signed by the provider."


class IdTokenIssuer(IdTokenInvalid):
    """An id token is another provider's."""

    sentence = "The id token is another provider's."


class IdTokenAudience(IdTokenInvalid):
    """An id token was made for another app."""

    sentence = "The id token was made for another app."


class IdTokenNonce(IdTokenInvalid):
    """An id token was not made for this sign-in."""

    sentence = "The id token was not made for this sign-in."


class IdTokenExpired(IdTokenInvalid):
    """An id token's time is over, or has not begun."""

    sentence = "The id token has expired. Ask the provider for a new one."


class IdTokenUsed(IdTokenInvalid):
    """An id token has signed in before; it does so once."""

    sentence = "The id token was used already. Ask the provider for a new one."


class LinkNeeded(OAuthFault):
    """A new identity has the email of an account, to which nobody has shown that it belongs."""

    sentence = "There is an account with this email. Sign in to it, and link the other provider there."


class IdentityTaken(Conflict):
    """The identity is another account's."""

    sentence = "This identity belongs to another account."


class ProviderTaken(Conflict):
    """The account has another identity at that provider."""

    sentence = "This account has another identity at this provider. Unlink that first."


class NotConnected(NotFound):
    """The vault has no tokens of this person for that provider."""

    sentence = "This account is not connected to this provider."


class ConnectionEnded(OAuthFault):
    """The vault's tokens do not work any more: the grant was withdrawn, or cannot be refreshed."""

    sentence = "The connection to this provider has ended. Connect it again."

    def __init__(self, reason: str = "inactive") -> None:
        super().__init__()
        self.reason = reason


class ScopeMissing(OAuthFault):
    """The person has not granted what is asked for."""

    sentence = "This connection was not granted that scope. Connect it again with it."


class TokensKeptBack(OAuthFault):
    """This provider's access tokens are not for apps, by configuration."""

    sentence = "This service does not give out the access tokens of this provider."


class UndeclaredOperation(Exception):
    """A defect of ours: a call that the declaration of its table does not permit."""


class StoreRefused(Exception):
    """A defect of ours: DynamoDB refused a request as wrong, or the service's role does not permit it."""


class TransactionLost(Exception):
    """A transaction of ours was refused because of some members, and the caller named no error for them."""

    def __init__(self, failed: Sequence[str]) -> None:
        super().__init__(f"a transaction was refused: {', '.join(failed)}")
        self.failed = tuple(failed)
