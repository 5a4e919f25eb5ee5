"""`flask figures`: put right what is counted in passing."""

from __future__ import annotations

from collections import Counter

import click
from flask.cli import AppGroup

from panzoto.models.audio_file import AudioFile, from_item
from panzoto.models.store.expressions import Attr
from panzoto.models.users import from_item as user_from_item

from .operating import operating
from .speaking import sentences

figures = AppGroup("figures", help="Put right what is counted in passing.")


@figures.command("recount")
def recount() -> None:
    """Count every recording, of each person and altogether: after a migration, or after a process was killed.

    It reads the tables of recordings and of people whole. What is recorded or deleted meanwhile may be missed.
    """
    deps = operating()
    files, stored = Counter[str](), Counter[str]()
    with sentences():
        for item in deps.audio_files.scan(only=Attr("uploaded_at").exists()):
            state = from_item(item)
            if isinstance(state, AudioFile):
                files[state.user_id] += 1
                stored[state.user_id] += state.file_size or 0
        for user in map(user_from_item, deps.users.scan()):
            known = {"audio_files": files[user.user_id], "audio_bytes": stored[user.user_id]}
            if known != {"audio_files": user.audio_files, "audio_bytes": user.audio_bytes}:
                deps.users.set_audio(user.user_id, known)
        deps.figures.set_total({"audio_files": files.total(), "audio_bytes": stored.total()})
    click.echo(f"{files.total()} recordings of {len(files)} people, {stored.total()} bytes.")
