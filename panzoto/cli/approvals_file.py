"""The CSV file of `flask approvals import`, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from panzoto.errors import InvalidRequest
from panzoto.flows import approvals_csv
from panzoto.flows.approvals_csv import Row


def rows(file: Path) -> Iterator[Row]:
    """The rows of a file; one that cannot be read is refused in one sentence."""
    try:
        # Bytes that are no UTF-8 become lone surrogates, so that they spoil their own row alone.
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            yield from approvals_csv.rows(lines, file.name)
    except OSError as fault:
        raise click.ClickException(f"{file.name} cannot be read: {fault.strerror}.") from None
    except InvalidRequest as fault:
        raise click.ClickException(str(fault)) from None
