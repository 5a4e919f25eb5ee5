"""Calls for items by the short way: what botocore works out anew for every call is worked out once for a client.

botocore makes the client, keeps its credentials and its pool, reads refusals and raises its typed exceptions, and its
events `before-send` and `after-call` happen. What is left out is the rest of its way: rules that find the same address
each time, a model that each value is held against, retries that the gateway has, and a dozen copies of headers. How a
request is sent is in `exchange.py`. Calls for anything but items go botocore's whole way.
"""

from __future__ import annotations

import uuid
from base64 import b64encode
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import orjson
from botocore.awsrequest import AWSPreparedRequest
from botocore.client import BaseClient
from botocore.compat import get_current_datetime
from botocore.exceptions import NoCredentialsError
from botocore.hooks import first_non_none_response

from .exchange import Exchange
from .parsing import FIRST_REFUSAL, QUICK, parse
from .signature import Signer

_Client: Any = BaseClient  # of whose parts types-boto3 knows the public ones alone


class DirectCalls(_Client):  # type: ignore[misc]  # see above
    """A client of DynamoDB whose calls for items go the short way."""

    def _make_api_call(self, operation_name: str, api_params: dict[str, Any]) -> dict[str, Any]:
        if operation_name not in QUICK:
            return super()._make_api_call(operation_name, api_params)  # type: ignore[no-any-return]
        model, events = self.meta.service_model.operation_model(operation_name), self.meta.events
        http = self._sent(operation_name, api_params)
        answer = parse({"status_code": http.status_code, "headers": http.headers, "body": http.content}, model)
        events.emit(f"after-call.dynamodb.{operation_name}", http_response=http, parsed=answer, model=model, context={})
        if http.status_code >= FIRST_REFUSAL:
            raise self.exceptions.from_code(answer["Error"]["Code"])(answer, operation_name)
        return answer

    def _sent(self, operation: str, params: dict[str, Any]) -> Any:
        """What HTTP answers to a request, which is signed now."""
        if operation == "TransactWriteItems":
            params = {"ClientRequestToken": str(uuid.uuid4()), **params}
        credentials = self._get_credentials()
        if credentials is None:
            raise NoCredentialsError
        body = orjson.dumps(params, default=_base64)
        target = f"DynamoDB_20120810.{operation}"
        headers = self._signer.headers(target, body, get_current_datetime(), credentials.get_frozen_credentials())
        headers["User-Agent"] = self.meta.config.user_agent
        given: Any = headers  # botocore's own kind of headers is not needed any more
        request = AWSPreparedRequest("POST", self._url, given, body, stream_output=False)
        met = self.meta.events.emit(f"before-send.dynamodb.{operation}", request=request)
        return first_non_none_response(met) or self._exchange.send(request)

    @cached_property
    def _url(self) -> str:
        """Where all of it goes."""
        url: str = self.meta.endpoint_url
        return url if urlsplit(url).path else f"{url}/"

    @cached_property
    def _exchange(self) -> Exchange:
        return Exchange(self._endpoint.http_session, self._url)

    @cached_property
    def _signer(self) -> Signer:
        return Signer(self._url, self.meta.region_name)


def go_direct(**making: Any) -> None:
    """Make the clients of DynamoDB such ones; botocore asks when it makes a client."""
    making["base_classes"].insert(0, DirectCalls)


def _base64(value: Any) -> str:
    """Bytes as they are on the wire."""
    if not isinstance(value, bytes):
        raise TypeError(f"DynamoDB has no place for {type(value).__name__}")
    return b64encode(value).decode()
