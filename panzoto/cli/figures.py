"""`flask figures`: put right what is counted in passing."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import click
from flask.cli import AppGroup

from panzoto.deps import Deps
from panzoto.errors import SessionEnded
from panzoto.models.audio_file import AudioFile, from_item
from panzoto.models.store.expressions import Attr
from panzoto.models.user import from_item as user_from_item

from .operating import operating
from .speaking import ODD, sentences

figures = AppGroup("figures", help="Put right what is counted in passing.")


@dataclass
class Recount:
    """What has been counted: of each person, and the items that nobody can read."""

    files: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)
    unread: int = 0

    def name(self, what: object, fault: Exception) -> None:
        """Name an item that cannot be read."""
        click.echo(f"{what}: not counted: {type(fault).__name__}: {fault}", err=True)
        self.unread += 1


@figures.command("recount")
def recount() -> None:
    """Count every recording, of each person and altogether: after a migration, or after a process was killed.

    It reads the tables of recordings and of people whole. What is recorded or deleted meanwhile may be missed; an item
    that cannot be read is named and left out, and then it ends with 1.
    """
    deps, found = operating(), Recount()
    with sentences():
        _count(deps, found)
        _set(deps, found)
        total = {"audio_files": found.files.total(), "audio_bytes": found.stored.total()}
        deps.figures.set_total(total)
    click.echo(f"{total['audio_files']} recordings of {len(found.files)} people, {total['audio_bytes']} bytes.")
    if found.unread:
        raise click.ClickException(f"{found.unread} items could not be read; mend them, and run this again.")


def _count(deps: Deps, found: Recount) -> None:
    """Count the recordings."""
    for item in deps.audio_files.scan(only=Attr("uploaded_at").exists()):
        try:
            state = from_item(item)
            size = int(item.get("file_size") or 0)
        except ODD as fault:
            found.name(item["file_id"], fault)
            continue
        if isinstance(state, AudioFile):
            found.files[state.user_id] += 1
            found.stored[state.user_id] += size


def _set(deps: Deps, found: Recount) -> None:
    """Set what is known of each person where it is wrong; whoever has left meanwhile has nothing any more."""
    for item in deps.users.scan():
        try:
            user = user_from_item(item)
        except ODD as fault:
            found.name(item["user_id"], fault)
            continue
        known = {"audio_files": found.files[user.user_id], "audio_bytes": found.stored[user.user_id]}
        if known != {"audio_files": user.audio_files, "audio_bytes": user.audio_bytes}:
            with suppress(SessionEnded):
                deps.users.set_audio(user.user_id, known)
