"""Who calls, as far as it is known: for limits, audit events and the language of a mail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network

CUSTOMER = 64
PORT = re.compile(r"\A(?:([\d.]+)|\[([\da-fA-F:.]+)(?:%[^]]*)?\]):\d+\Z", re.ASCII)


@dataclass(frozen=True)
class Client:
    """The address, the program and the language of a caller. The address is what our own proxies say, nobody else."""

    address: str
    user_agent: str
    language: str

    @property
    def seen(self) -> dict[str, str]:
        """What the notice of an act says of whoever did it."""
        return {"address": self.address, "user_agent": self.user_agent}

    @property
    def network(self) -> str:
        """What limits count by: the address, or for IPv6 the network that one customer has. Some proxies add a port."""
        host = PORT.sub(r"\1\2", self.address)
        try:
            found = ip_address(host)
        except ValueError:
            return self.address
        if isinstance(found, IPv4Address):
            return str(found)
        return str(found.ipv4_mapped or ip_network((int(found), CUSTOMER), strict=False))


# What the service does by itself, for nobody who waits: sweeps, and what a crash has left undone.
SWEEP = Client("", "flask", "en")
