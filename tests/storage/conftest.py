"""Tables as the storage tests use them: declared ones, without the verbs of a model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from panzoto.deps import Deps
from panzoto.models.spec import AUDIO_FILES, AUDIT_EVENTS, OAUTH_LOGS
from panzoto.models.table import Table
from tests.support.tables import EVERYTHING, READS


class Files(Table):
    """One key, and two indexes."""

    spec = replace(AUDIO_FILES, operations=EVERYTHING)


class Logs(Table):
    """Two keys."""

    spec = replace(OAUTH_LOGS, operations=EVERYTHING)


class Events(Table):
    """A table whose items are never changed."""

    spec = replace(AUDIT_EVENTS, operations=READS | {"PutItem", "BatchWriteItem"})


@pytest.fixture
def files(deps: Deps) -> Files:
    """Records of files, on each store."""
    return Files(deps.gateway, deps.config.audio_files_table)


@pytest.fixture
def logs(deps: Deps) -> Logs:
    """Steps of flows, on each store."""
    return Logs(deps.gateway, deps.config.oauth_logs_table)


@pytest.fixture
def events(deps: Deps) -> Events:
    """Audit events, on each store."""
    return Events(deps.gateway, deps.config.audit_events_table)
