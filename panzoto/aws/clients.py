"""Clients of AWS, made from one session: quick to give up, never retrying behind our back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config as Settings
from botocore.exceptions import BotoCoreError

from env import ConfigError
from panzoto.aws.direct import go_direct
from panzoto.aws.parsing import only_declared_objects, only_objects

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_kms import KMSClient
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_ses import SESClient
    from types_boto3_sns import SNSClient

    from config import Config

CONNECT_SECONDS = 1.0
READ_SECONDS = 1.5
# Where the deadline is short, an attempt at DynamoDB takes less, so that there is time for two.
CONNECT_SHARE, READ_SHARE = 0.2, 0.3


class Clients:
    """One session; each client is made when it is asked for, and opens its connections at its first call.

    An address other than AWS's own comes from `config`, which has judged it, and from no other variable or file.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        deadline = config.dynamodb_deadline.total_seconds()
        self._connect = min(CONNECT_SECONDS, deadline * CONNECT_SHARE)
        self._read = min(READ_SECONDS, deadline * READ_SHARE)
        core = botocore.session.Session()
        core.set_config_variable("ignore_configured_endpoint_urls", True)
        core.register("creating-client-class.dynamodb", go_direct)
        # Where credentials are asked for inside a request, that too is quick to give up.
        core.set_default_client_config(
            Settings(connect_timeout=self._connect, read_timeout=self._read, retries={"total_max_attempts": 1})
        )
        try:
            self._session = boto3.session.Session(
                botocore_session=core,
                aws_access_key_id=config.aws_access_key_id,
                aws_secret_access_key=config.aws_secret_access_key,
                aws_session_token=config.aws_session_token,
                region_name=config.aws_region,
            )
            nobody = config.production and self._session.get_credentials() is None
        except BotoCoreError as fault:
            raise ConfigError([f"The AWS settings of this machine cannot be used: {fault}."]) from None
        if nobody:  # a client that was made without credentials never gets any
            raise ConfigError(["No AWS credentials were found: give the machine a role, or set AWS_ACCESS_KEY_ID."])

    @property
    def attempt_seconds(self) -> float:
        """The longest that one attempt at DynamoDB takes."""
        return self._connect + self._read

    def dynamodb(self) -> DynamoDBClient:
        """DynamoDB, without botocore's retries: the gateway has its own, which know a deadline."""
        settings = Settings(
            connect_timeout=self._connect,
            read_timeout=self._read,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=self._config.threads + self._config.threads_beside + 4,
            parameter_validation=False,
            user_agent="panzoto",
            tcp_keepalive=True,
        )
        client = self._session.client(
            "dynamodb",
            region_name=self._config.dynamodb_region or self._config.aws_region,
            endpoint_url=self._config.dynamodb_endpoint or self._config.aws_endpoint,
            config=settings,
        )
        client.meta.events.register("before-parse.dynamodb", only_objects)
        return client

    def s3(self) -> S3Client:
        """S3, by addresses that name the region: the world's own address sends uploads elsewhere."""
        return self._s3(_STORING)

    def s3_for_streams(self) -> S3Client:
        """The same for what is long: a part of an upload, a recording that is read as it comes."""
        return self._s3(_STREAMING)

    def _s3(self, settings: Settings) -> S3Client:
        endpoint = self._config.aws_endpoint
        style = Settings(s3={"addressing_style": "path" if endpoint else "virtual"})
        return self._session.client("s3", endpoint_url=endpoint, config=settings.merge(style))

    def transcribe(self) -> Any:
        """Transcribe."""
        return self._in_json("transcribe")

    def kms(self) -> KMSClient:
        """KMS."""
        client: KMSClient = self._in_json("kms")
        return client

    def ses(self) -> SESClient:
        """SES, which sends mail."""
        return self._session.client("ses", endpoint_url=self._config.aws_endpoint, config=_SENDING)

    def sns(self) -> SNSClient:
        """SNS, which sends SMS."""
        return self._session.client("sns", endpoint_url=self._config.aws_endpoint, config=_SENDING)

    def secrets(self) -> SecretsManagerClient:
        """Secrets Manager."""
        client: SecretsManagerClient = self._in_json("secretsmanager")
        return client

    def _in_json(self, service: Any) -> Any:
        """A service whose answers are JSON, and nothing else is taken for one."""
        client = self._session.client(service, endpoint_url=self._config.aws_endpoint, config=_SETTINGS)
        client.meta.events.register("before-parse", only_declared_objects)
        return client


_SETTINGS = Settings(
    connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3}, user_agent="panzoto"
)
# Somebody waits for the answer. A checksum is sent where S3 asks for one: those of uploads are their senders'.
_STORING = Settings(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 2},
    signature_version="s3v4",
    request_checksum_calculation="when_required",
    max_pool_connections=32,
    user_agent="panzoto",
)
# A part of an upload takes longer than a question; and what is read here proves itself, segment by segment.
_STREAMING = _STORING.merge(Settings(read_timeout=15, response_checksum_validation="when_required"))
# What is sent twice arrives twice, so that a retry is for the sender to decide; and somebody waits for the answer.
_SENDING = Settings(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 1}, user_agent="panzoto"
)
