"""Where a watch stands in a process of tests: at Flask's answers, structlog, botocore, urllib3 and what we send."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import flask
import orjson
import pytest
import structlog
import urllib3
from botocore.endpoint import Endpoint
from hypothesis import currently_in_test_context

from env import declared
from panzoto import logs
from panzoto.aws.signature import Signer
from panzoto.flows._sessions import SignedIn
from panzoto.flows.refresh import Refreshed
from panzoto.messages.message import Message
from panzoto.providers.tokens import Tokens
from panzoto.web.observe import exposition
from tests.proof.canaries import SHORTEST
from tests.proof.watch import Watch

REFUSED = 400
ITEM = "an item or a key of DynamoDB"
LET_IN = range(200, 300)


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Let the watch see what goes over each border of this process, until the block ends."""

    def answered(app: flask.Flask, response: flask.Response, **_: Any) -> None:
        _answered(watch, app, response)

    with pytest.MonkeyPatch.context() as patch, flask.request_finished.connected_to(answered):
        _see(patch, structlog.BoundLoggerBase, "_process_event", before=lambda *seen: _logged(watch, *seen))
        _see(patch, logging.Logger, "handle", before=lambda _, line: watch.keep("a log line", line.getMessage()))
        _see(patch, urllib3.PoolManager, "request", before=lambda _, __, to, **___: watch.keep("an address", to))
        _see(patch, Endpoint, "create_request", after=lambda sent, _, __, what: _sent(watch, sent, what))
        _see(patch, Signer, "headers", before=lambda _, __, body, *___: watch.keep(ITEM, body.decode(errors="replace")))
        _see(patch, Message, "__init__", after=lambda _, made, **__: watch.learn_message(made.text))
        for kind in (Tokens, SignedIn, Refreshed):
            _see(patch, kind, "__init__", after=lambda _, made, **__: watch.learn_fields(vars(made)))
        yield


def leaks(watch: Watch, folder: Path | None = None) -> list[str]:
    """What is where it must not be, of all that was seen until now and in the files of a folder."""
    watch.keep("the metrics", exposition().decode())
    return watch.found(folder)


def _see(patch: pytest.MonkeyPatch, owner: Any, name: str, **see: Callable[..., None]) -> None:
    """See the arguments of a function before it is called, or its result with them; it stays as it is."""
    called = getattr(owner, name)

    @wraps(called)
    def seen(*args: Any, **kwargs: Any) -> Any:
        if "before" in see:
            see["before"](*args, **kwargs)
        result = called(*args, **kwargs)
        if "after" in see:
            see["after"](result, *args, **kwargs)
        return result

    patch.setattr(owner, name, seen)


def _logged(watch: Watch, logger: Any, level: str, event: str | None, more: dict[str, Any]) -> None:
    """The line as production writes it, however this test has configured the log."""
    line: Any = {**logger._context, **more, "event": event}
    for step in (structlog.processors.format_exc_info, structlog.processors.UnicodeDecoder(), logs._redact):
        line = step(None, level, line)
    watch.keep("a log line", logs._dumps(line))


def _sent(watch: Watch, request: Any, what: Any) -> None:
    """What AWS is asked: of every service the address, of DynamoDB all of it, and KMS is given what is secret."""
    watch.keep("an address at AWS", request.url)
    service, body = what.service_model.service_name, request.body or b""
    if service == "dynamodb":
        watch.keep(ITEM, body.decode(errors="replace"))
    elif service == "kms" and what.name == "Encrypt":
        watch.learn("a key that KMS wraps", orjson.loads(body)["Plaintext"])


def _answered(watch: Watch, app: flask.Flask, response: flask.Response) -> None:
    """Secrets of an answer and of a request that was let in; and what a refusal and a redirection say.

    What Hypothesis draws is no secret: it takes words of our own code, the beginning of an address for a password.
    """
    _learn_configured(watch, app)
    for cookie in response.headers.getlist("Set-Cookie"):
        watch.learn("a cookie", cookie.partition(";")[0].partition("=")[2])
    watch.keep("a redirection", response.headers.get("Location", ""))
    if response.is_streamed:
        return
    if response.status_code >= REFUSED:
        watch.keep("an answer that refuses", _without(flask.request.path, response.get_data(as_text=True)))
    elif response.is_json:
        watch.learn_fields(response.get_json())
        if response.status_code in LET_IN and flask.request.is_json and not currently_in_test_context():
            watch.learn_fields(orjson.loads(flask.request.get_data() or b"{}"))


def _without(path: str, said: str) -> str:
    """An answer without the parts of the address that it answers: a page of a link leads on to where it is itself."""
    for part in path.split("/"):
        said = said.replace(part, "") if len(part) >= SHORTEST else said
    return said


def _learn_configured(watch: Watch, app: flask.Flask) -> None:
    """What the configuration of an application has that is secret, at its first answer."""
    deps = app.extensions.get("panzoto")
    if deps is None or app.extensions.get("watched") is watch:
        return
    app.extensions["watched"] = watch
    for holder in (deps.config, *deps.config.oauth_providers):
        for each in declared(type(holder)):
            if each.metadata["secret"]:
                watch.learn(each.metadata["name"], getattr(holder, each.name))
