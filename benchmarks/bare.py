"""The least that a Flask application would be: calls of boto3's default client, items as JSON, no sign-in."""

from __future__ import annotations

import os

import boto3
from flask import Flask, Response, jsonify

client = boto3.client("dynamodb", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="us-east-1")
app = Flask(__name__)
PERSON = ("user_id", "email", "name", "created_at_iso")
RECORDING = ("file_id", "user_id", "s3_key", "file_size", "uploaded_at_iso", "filename", "content_type")


@app.get("/healthz")
def ready() -> Response:
    """Whether it serves."""
    return jsonify(status="ok")


@app.get("/item")
def item() -> Response:
    """One person."""
    return jsonify(_shaped(_get(), PERSON))


@app.get("/list")
def recordings() -> Response:
    """Their recordings."""
    return jsonify(audio_files=[_shaped(each, RECORDING) for each in _query()])


@app.get("/both")
def both() -> Response:
    """The recordings of somebody who was looked up, as a list with a check makes two calls."""
    _get()
    return jsonify(audio_files=[_shaped(each, RECORDING) for each in _query()])


def _get():  # type: ignore[no-untyped-def] # noqa: ANN202 (boto3's own shape)
    return client.get_item(TableName="panzoto-users", Key={"user_id": {"S": "user-1"}}, ConsistentRead=True)["Item"]


def _query():  # type: ignore[no-untyped-def] # noqa: ANN202 (boto3's own shape)
    answer = client.query(
        TableName="panzoto-audio-files",
        IndexName="user-files-index",
        KeyConditionExpression="user_id = :u",
        ExpressionAttributeValues={":u": {"S": "user-1"}},
        ScanIndexForward=False,
        Limit=26,
    )
    return answer["Items"]


def _shaped(wire, names):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 (boto3's own shape)
    return {name: next(iter(wire[name].values())) for name in names if name in wire}
