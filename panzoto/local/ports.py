"""Ports: whether one is free, and what answers on it."""

from __future__ import annotations

import errno
import socket
from http.client import HTTPConnection, HTTPException
from itertools import chain

from panzoto.local.faults import CannotRun

SECONDS = 2.0
FIRST, LAST = 1024, 65535


def refuse_taken(variable: str, host: str, port: int, *, beside: int) -> None:
    """Raise a sentence if the port that a variable names is not free; it names one that is, and not ours `beside`."""
    if fault := why_not(host, port):
        others = (each for each in chain(range(port + 1, LAST + 1), range(FIRST, port)) if each != beside)
        other = next((each for each in others if not why_not(host, each)), None)
        raise CannotRun(f"{variable} is {port}, {fault}; choose another, such as {variable}={other or '…'}.")


def why_not(host: str, port: int) -> str | None:
    """Why nobody can listen there, or nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except PermissionError:
            return "which only the administrator of this machine may use"
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE:
                raise CannotRun(f"BIND is {host}, where this machine cannot listen: {fault.strerror}.") from fault
            return "where another program listens"
    with socket.socket(family, socket.SOCK_STREAM) as caller:
        caller.settimeout(SECONDS)
        # macOS lets two programs bind one port, if one of them binds it on every address.
        return "where another program listens" if caller.connect_ex((host, port)) == 0 else None


def status(host: str, port: int, path: str) -> int | None:
    """What an HTTP server answers at an address; nothing if none answers."""
    connection = HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
