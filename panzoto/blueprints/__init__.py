"""Routes: parse, call one flow, shape the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .admin import admin
from .admin_approvals import admin_approvals
from .audio import audio
from .audio import seed as seed_audio
from .auth import auth, seed
from .console import console
from .console_approvals import console_approvals
from .console_people import console_people
from .console_sign_in import console_sign_in
from .decryption import decryption
from .decryption import seed as seed_decryption
from .docs import docs
from .links import links
from .magic_links import magic_links
from .oauth import oauth
from .outbox import outbox
from .pages import pages
from .passwordless import passwordless
from .passwords import passwords

if TYPE_CHECKING:
    from panzoto.web.application import Application


def register(app: Application) -> None:
    """Add every route that this configuration has."""
    app.register_api(pages)
    app.register_api(auth)
    app.register_api(seed)
    app.register_api(passwords)
    app.register_api(passwordless)
    app.register_api(audio)
    app.register_api(seed_audio)
    app.register_api(decryption)
    app.register_api(seed_decryption)
    app.register_api(oauth)
    app.register_api(admin)
    app.register_api(admin_approvals)
    app.register_blueprint(docs)
    for each in (console, console_sign_in, console_approvals, console_people):
        app.register_blueprint(each)
    app.register_blueprint(links)
    app.register_blueprint(magic_links)
    if app.extensions["panzoto"].outbox is not None:
        app.register_blueprint(outbox)
