"""Audio keys that KMS wraps: each opens for its owner, as it was, and as long as KMS answers."""

from __future__ import annotations

from base64 import b64decode, b64encode

import moto
import pytest
from botocore.exceptions import ConnectTimeoutError, NoCredentialsError

from panzoto.aws.clients import Clients
from panzoto.aws.key_service import KeyService
from panzoto.crypto.keys import new_audio_key
from panzoto.errors import KeyRejected, KeysUnavailable
from panzoto.local.preparing import make_key
from tests.support import border
from tests.support.configs import configured

from .conftest import Service, between_us_and_kms

NAME_OF_THE_KEY = 36


def test_there_and_back(service: Service) -> None:
    """What was wrapped opens for its owner; the wrap is base64, another each time, and holds no key in clear."""
    keys, clear = service.deps.key_service, new_audio_key()
    wrapped = {keys.wrap(clear, "ann") for _ in range(2)}
    assert len(wrapped) == 2
    for each in wrapped:
        assert clear not in b64decode(each, validate=True)
        assert keys.unwrap(each, "ann") == clear


@pytest.mark.parametrize("other", ["bob", "ANN", "ann ", "an"])
def test_another_persons_wrap(service: Service, other: str) -> None:
    """The owner is bound into it: for nobody else does it open."""
    keys = service.deps.key_service
    with pytest.raises(KeyRejected):
        keys.unwrap(keys.wrap(new_audio_key(), "ann"), other)


def test_what_is_wrapped_for_something_else(service: Service) -> None:
    """A text that the same key of KMS made for another purpose is no audio key."""
    kms, config = service.deps.clients.kms(), service.deps.config
    made = kms.encrypt(KeyId=config.audio_kms_key, Plaintext=bytes(32), EncryptionContext={"userId": "ann"})
    with pytest.raises(KeyRejected):
        service.deps.key_service.unwrap(b64encode(made["CiphertextBlob"]).decode(), "ann")


def test_the_context_that_kms_is_told(service: Service) -> None:
    """KMS's own log shows whose key it was and what for, and the alias of ours."""
    kms = between_us_and_kms(service)
    keys = service.deps.key_service
    keys.unwrap(keys.wrap(bytes(32), "ann"), "ann")
    assert [each["EncryptionContext"] for each in kms.requests] == [{"userId": "ann", "purpose": "audio-key"}] * 2
    assert [each["KeyId"] for each in kms.requests] == ["alias/panzoto-audio"] * 2


def test_changed_bytes(account: str) -> None:
    """A wrap of which any byte was changed, cut off or added opens nothing. MiniStack's wraps know no change."""
    with moto.mock_aws():
        config = configured(account, None)
        kms = Clients(config).kms()
        make_key(kms, config.audio_kms_key, "tests")
        keys = KeyService(kms, config.audio_kms_key)
        clear = new_audio_key()
        blob = b64decode(keys.wrap(clear, "ann"))
        changed = [blob[:n] + bytes([blob[n] ^ 1]) + blob[n + 1 :] for n in range(len(blob))]
        for n, each in enumerate([*changed, blob[:-1], blob + b"\0"]):
            # its beginning names the key, and moto says of a name that it does not know that access is denied
            with pytest.raises((KeyRejected, KeysUnavailable) if n < NAME_OF_THE_KEY else KeyRejected):
                keys.unwrap(b64encode(each).decode(), "ann")
        assert keys.unwrap(b64encode(blob).decode(), "ann") == clear


@pytest.mark.parametrize("text", ["not base64!", "AAA", "ÄÖÜ=", "AAAA\n", "A" * 79])
def test_what_is_no_wrap(service: Service, text: str) -> None:
    """What is not even base64 opens nothing, and KMS is not asked."""
    kms = between_us_and_kms(service)
    with pytest.raises(KeyRejected):
        service.deps.key_service.unwrap(text, "ann")
    assert kms.requests == []


def test_another_key_of_ours(service: Service) -> None:
    """Of what was wrapped under one key KMS says, when it is told another, that it is the wrong one."""
    keys, kms = service.deps.key_service, between_us_and_kms(service)
    wrapped = keys.wrap(bytes(32), "ann")
    kms.expect(border.refuses("IncorrectKeyException"))
    with pytest.raises(KeyRejected):
        keys.unwrap(wrapped, "ann")


@pytest.mark.parametrize(
    "step",
    [
        border.refuses("DisabledException"),
        border.refuses("NotFoundException"),
        border.refuses("KMSInvalidStateException"),
        border.refuses("AccessDeniedException"),
        border.says(200, b"<html>a proxy's page</html>"),
        border.fails(ConnectTimeoutError(endpoint_url="kms")),
        border.fails(NoCredentialsError()),
    ],
)
def test_kms_that_does_not_do_it(service: Service, step: border.Step) -> None:
    """A key that is missing, disabled or not ours to use, and a KMS that is not there, are outages with a time."""
    keys = service.deps.key_service
    wrapped, kms = keys.wrap(bytes(32), "ann"), between_us_and_kms(service)
    kms.expect(then=step)
    for act in (lambda: keys.wrap(bytes(32), "ann"), lambda: keys.unwrap(wrapped, "ann")):
        with pytest.raises(KeysUnavailable) as fault:
            act()
        assert fault.value.retry_after == 5


def test_a_key_that_was_never_made(service: Service) -> None:
    """A name that KMS does not know is an outage too: nothing of ours was wrapped under it."""
    keys = KeyService(service.deps.clients.kms(), "alias/nobody-made-it")
    for act in (lambda: keys.wrap(bytes(32), "ann"), lambda: keys.unwrap(b64encode(bytes(100)).decode(), "ann")):
        with pytest.raises(KeysUnavailable):
            act()
