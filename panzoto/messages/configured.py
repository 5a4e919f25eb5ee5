"""The senders and the words that a configuration asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from .catalogue import Messages
from .post import NoSms, Post, Sender
from .ses import SesSender
from .smtp import Security, SmtpSender, SmtpServer
from .sns import SnsSender

if TYPE_CHECKING:
    from config import Config
    from panzoto.aws.clients import Clients
    from panzoto.tally import Tally


def messages(config: Config) -> Messages:
    """The words, with those that the operator has changed."""
    directory = Path(config.messages_dir) if config.messages_dir else None
    return Messages(directory, product=config.product_name, support=config.support_email)


def post(config: Config, clients: Clients, tally: Tally) -> Post:
    """The senders of mail and SMS."""
    sms: Sender = SnsSender(clients.sns(), sender_id=config.sms_sender_id) if config.sms_sender == "sns" else NoSms()
    return Post(mail=_mail(config, clients), sms=sms, tally=tally)


def _mail(config: Config, clients: Clients) -> Sender:
    if config.mail_sender == "ses":
        return SesSender(clients.ses(), config.mail_from)
    server = SmtpServer(
        host=config.smtp_host,
        port=config.smtp_port,
        security=cast("Security", config.smtp_security),
        user=config.smtp_user,
        password=config.smtp_password or "",
        ca_file=Path(config.smtp_ca_file) if config.smtp_ca_file else None,
        seconds=config.smtp_timeout.total_seconds(),
    )
    return SmtpSender(server, config.mail_from)
