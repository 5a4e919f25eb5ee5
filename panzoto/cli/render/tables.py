"""`docs/tables.md`: the tables as people read them."""

from __future__ import annotations

from collections.abc import Iterable

from panzoto.cli.live import declared, shown
from panzoto.models.spec import TABLES, TableSpec

from .markdown import table

INTRODUCTION = """\
# The tables

Rendered by `make render` from `panzoto/models/spec.py`; a change here is lost and fails a test.

All state is in these tables. The names are defaults: each is set by the variable beside it, so that a deployment which
has its tables keeps them. `flask tables create` makes what is missing and turns on what is off (TTL, point-in-time
recovery, encryption, deletion protection), and changes nothing else; `--add-indexes` also builds missing indexes.
`flask tables check` prints a sentence for every difference and ends with 1, or prints nothing and ends with 0.
"""
ALIKE = """\
## What all have

- **Capacity** on demand. Provisioned capacity is no difference to `check`, which only mentions it.
- **Indexes** hold every attribute (projection `ALL`). An index finds; it never makes unique, it is never consistent.
- **TTL** is how rubbish is collected, up to 48 hours late, and it deletes the *whole item*. So it is only on attributes
  that were made for it: never on `expiresAt` of the vault, where it would take the refresh token with the access token,
  and never on `resetTokenExpiry` of people, where it would delete the person.
- **Point-in-time recovery** goes back to any second of the last 35 days.
- **Encryption** with a KMS key of the account: the one that AWS manages there, or the one in `TABLES_KMS_KEY_ARN`,
  whose policy must then let the roles below use it through DynamoDB.
- **Deletion protection**: a table is not deleted by one call.
- **Tags** `application` = `panzoto` and `panzoto:table` = its label, on tables that `create` made.
"""
ROLES = """\
## Who may do what

`infra/rendered/iam-service-policy.json` is for the role of the service: the operations named at each table, on that
table, and `Query` on its indexes (on the table itself where it has two keys). No action in it is a wildcard, and there
is no `Scan`: nothing that serves a request reads a whole table. Transactions need no permission besides those of their
members. The test suite records every call of the service, and fails for one that the policy does not permit, and for a
grant that no call was for.

`infra/rendered/iam-operator-policy.json` is for whoever gives the commands: the same without SMS and the start of
transcriptions, with `Scan`, what makes and describes tables, `ListTables`, and what turns the ring of signing keys.

Besides the tables is permitted:

- **The bucket**: to read, write and delete objects under `users/` and `decrypted/`, and to list it. Without
  `s3:ListBucket` S3 answers 403 where an object is missing, and nothing could be told from anything.
- **The key of audio**: `Encrypt` and `Decrypt` for one person at a time. The encryption context must name a `userId`,
  and nothing besides `purpose` and `jobId`. S3 may use the same key for the objects of the bucket.
- **The key of the vault**: `GenerateDataKey` and `Decrypt` with a context of `userId` and `provider`. Operators may
  describe it, for `flask vault rewrap`.
- **Mail**: `SendRawEmail` from one identity. **SMS**: `Publish` to phones alone; a phone has no ARN, so everything
  that has one is left out (`NotResource`).
- **Secrets**: to read the client of a provider, `axnt/google-oauth`, and the ring of signing keys,
  `JWT_KEYS_SECRET_ID=panzoto/jwt-keys`; operators may also make and replace that ring. Where a secret has another name,
  the policies must too.
- **Transcribe**: jobs named `panzoto-…`. To start one names no resource in IAM, so it stands with `*`, and with the
  condition that the text goes to our bucket. Without `TRANSCRIBER=aws` take these two statements away.

`*` stands where IAM takes nothing else: at `ListTables` and at the start of a transcription. Both files hold default
names, and `YOUR_REGION`, `YOUR_ACCOUNT_ID` and so on: put yours in their place.
[Terraform](../infra/terraform/README.md) fills in the same statements by itself.
"""
SEEING = """\
## Seeing them

```bash
aws dynamodb list-tables
aws dynamodb describe-table --table-name {name}
aws dynamodb describe-time-to-live --table-name {name}
aws dynamodb describe-continuous-backups --table-name {name}
```

With `make run`, add `--endpoint-url` and the address of the embedded AWS that it prints.
"""


def page() -> str:
    """The page."""
    parts = [INTRODUCTION, _overview(), *(_section(spec) for spec in TABLES)]
    return "\n".join([*parts, ALIKE, ROLES, SEEING.format(name=TABLES[0].default_name)])


def _overview() -> str:
    rows = [
        (f"[`{spec.default_name}`](#{spec.default_name})", f"`{spec.variable}`", _key(spec), _code(spec.ttl or ""))
        for spec in TABLES
    ]
    return table(("table", "variable", "key", "TTL"), rows)


def _section(spec: TableSpec) -> str:
    lines = [f"## {spec.default_name}", "", spec.purpose, ""]
    lines += [f"- Named by `{spec.variable}`.", f"- Key: {_key(spec)}.", f"- TTL: {_ttl(spec)}."]
    lines += [f"- The service may: {_listed(spec.operations)}."]
    lines += [f"- Operators' commands may also: {_listed(spec.operator_operations)}."]
    lines += [f"- Shown by `aws dynamodb describe-table --table-name {spec.default_name}`{_ttl_command(spec)}."]
    text = "\n".join([*lines, ""])
    if spec.indexes:
        rows = [(_code(index.name), shown(declared(index.hash, index.range)), index.purpose) for index in spec.indexes]
        text += "\n" + table(("index", "key", "what for"), rows)
    if spec.items:
        text += "\n" + table(("item", "what it is"), [(_code(kind), meaning) for kind, meaning in spec.items])
    return text


def _key(spec: TableSpec) -> str:
    return shown(declared(spec.hash, spec.range))


def _ttl(spec: TableSpec) -> str:
    return f"on `{spec.ttl}`, in seconds since 1970" if spec.ttl else "none"


def _ttl_command(spec: TableSpec) -> str:
    return f" and `aws dynamodb describe-time-to-live --table-name {spec.default_name}`" if spec.ttl else ""


def _listed(operations: Iterable[str]) -> str:
    return ", ".join(f"`{operation}`" for operation in sorted(operations))


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
