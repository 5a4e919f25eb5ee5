"""Other ways to DynamoDB from Python, each asked for one item and for a list, as their own documentation does it.

`python benchmarks/peers/dynamo.py ADDRESS KIND` reads `get N` or `query N` from its input, makes so many calls, and
says how many seconds of CPU each took.
"""

from __future__ import annotations

import sys
import time

REGION, TABLE, KEY, OWNER = "us-east-1", "panzoto-users", "0b7f9a9e-55a4-4a51-9f0e-6f3f1b8f2c11", "user-1"
CREDENTIALS = {"region_name": REGION, "aws_access_key_id": "1", "aws_secret_access_key": "1"}
BY_USER = "user_id = :u"


def client(address):
    """boto3's client as it is by default; items stay as they are on the wire."""
    import boto3

    made = boto3.client("dynamodb", endpoint_url=address, **CREDENTIALS)

    def query():
        return made.query(
            TableName=TABLE,
            IndexName="user-files-index",
            KeyConditionExpression=BY_USER,
            ExpressionAttributeValues={":u": {"S": OWNER}},
            ScanIndexForward=False,
            Limit=26,
        )

    return lambda: made.get_item(TableName=TABLE, Key={"user_id": {"S": KEY}}, ConsistentRead=True), query


def resource(address):
    """boto3's resource."""
    import boto3
    from boto3.dynamodb.conditions import Key

    table = boto3.resource("dynamodb", endpoint_url=address, **CREDENTIALS).Table(TABLE)

    def query():
        where = Key("user_id").eq(OWNER)
        answer = table.query(
            IndexName="user-files-index", KeyConditionExpression=where, ScanIndexForward=False, Limit=26
        )
        return answer["Items"]

    return lambda: table.get_item(Key={"user_id": KEY}, ConsistentRead=True)["Item"], query


def pynamodb(address):
    """PynamoDB's models."""
    from pynamodb import attributes as of
    from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
    from pynamodb.models import Model

    class Where:
        table_name, region, host = TABLE, REGION, address
        aws_access_key_id = aws_secret_access_key = "1"

    class Person(Model):
        class Meta(Where):
            pass

        user_id = of.UnicodeAttribute(hash_key=True)
        email = of.UnicodeAttribute(null=True)
        phone_number = of.UnicodeAttribute(null=True)
        password_hash = of.UnicodeAttribute(null=True)
        key_salt = of.UnicodeAttribute(null=True)
        created_at = of.NumberAttribute(null=True)
        created_at_iso = of.UnicodeAttribute(null=True)
        updated_at = of.NumberAttribute(null=True)
        is_active = of.BooleanAttribute(null=True)
        failed_logins = of.NumberAttribute(null=True)
        quota_bytes = of.NumberAttribute(null=True)
        wrapped_audio_key = of.BinaryAttribute(null=True, legacy_encoding=False)
        roles = of.UnicodeSetAttribute(null=True)
        devices = of.ListAttribute(null=True)
        kdf = of.MapAttribute(null=True)
        deleted_at = of.NullAttribute(null=True)

    class ByUser(GlobalSecondaryIndex):
        class Meta:
            index_name, projection = "user-files-index", AllProjection()

        user_id = of.UnicodeAttribute(hash_key=True)
        uploaded_at = of.NumberAttribute(range_key=True)

    class Recording(Model):
        class Meta(Where):
            pass

        file_id = of.UnicodeAttribute(hash_key=True)
        user_id = of.UnicodeAttribute(null=True)
        s3_key = of.UnicodeAttribute(null=True)
        file_size = of.NumberAttribute(null=True)
        uploaded_at = of.NumberAttribute(null=True)
        uploaded_at_iso = of.UnicodeAttribute(null=True)
        filename = of.UnicodeAttribute(null=True)
        content_type = of.UnicodeAttribute(null=True)
        audio_key_version = of.NumberAttribute(null=True)
        owns_object = of.BooleanAttribute(null=True)
        by_user = ByUser()

    def query():
        return list(Recording.by_user.query(OWNER, scan_index_forward=False, limit=26))

    return lambda: Person.get(KEY, consistent_read=True), query


def main(address, kind):
    """Answer until nobody asks any more."""
    get, query = {"client": client, "resource": resource, "pynamodb": pynamodb}[kind](address)
    for line in sys.stdin:
        what, calls = line.split()
        act = {"get": get, "query": query}[what]
        began = time.process_time()
        for _ in range(int(calls)):
            act()
        print((time.process_time() - began) / int(calls), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
