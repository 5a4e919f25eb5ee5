"""A real nginx of the tests, with `deploy/nginx.conf` as it ships: ports, certificate and folders are the test's."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path

import orjson

from tests.messages.certificates import Authority
from tests.support.ministack import free_port
from tests.support.needs import needs
from tests.support.server import Answer, NotServing

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
HOST = "api.example.com"
SECONDS_TO_START = 20.0
SECONDS_FOR_AN_ANSWER = 40.0
MAIN = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include conf.d/panzoto.conf;
}}
"""
LISTEN = """
listen 127.0.0.1:{port} ssl http2;
ssl_certificate {folder}/{host}.pem;
ssl_certificate_key {folder}/{host}.pem;
access_log {folder}/access.log panzoto;
"""


@dataclass
class Nginx:
    """An nginx that serves, and what it wrote."""

    port: int
    folder: Path
    trust: ssl.SSLContext

    def raw(self, source: str = "127.0.0.1") -> ssl.SSLSocket:
        """A connection of bytes, from an address of the loopback."""
        connection = socket.socket()
        connection.settimeout(SECONDS_FOR_AN_ANSWER)
        connection.bind((source, 0))
        connection.connect(("127.0.0.1", self.port))
        return self.trust.wrap_socket(connection, server_hostname=HOST)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        source: str = "127.0.0.1",
    ) -> Answer:
        """One request on a connection of its own, as a phone makes it."""
        connection = HTTPSConnection(HOST, self.port)
        connection.sock = self.raw(source)
        try:
            connection.request(method, path, body, dict(headers or {}))  # type: ignore[arg-type]
            response: HTTPResponse = connection.getresponse()
            return Answer(response.status, response.read(), {k.lower(): v for k, v in response.getheaders()})
        finally:
            connection.close()

    def said(self) -> str:
        """Its log of faults."""
        return (self.folder / "error.log").read_text(encoding="utf-8")

    def noted(self) -> str:
        """Its log of requests."""
        return (self.folder / "access.log").read_text(encoding="utf-8")

    def line_of(self, answer: Answer) -> dict[str, str]:
        """What it noted of an answer, which is a moment after the answer is out."""
        ends = time.monotonic() + SECONDS_FOR_AN_ANSWER
        while time.monotonic() < ends:
            for line in map(orjson.loads, self.noted().splitlines()):
                if line["request_id"] == answer.headers["x-request-id"]:
                    return dict(line)
            time.sleep(0.01)  # between two looks; the deadline above is what decides
        raise AssertionError("it has noted nothing of that answer")


def laid_out(folder: Path, port: int, upstream: int) -> None:
    """The files as an operator lays them out; but for the places, all is what ships."""
    own = folder / "panzoto"
    own.mkdir(parents=True)
    (folder / "conf.d").mkdir()
    shutil.copy(DEPLOY / "nginx.conf", folder / "conf.d" / "panzoto.conf")
    shutil.copy(DEPLOY / "nginx" / "operators.conf", own)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    (own / "place.conf").write_text(f"upstream panzoto {{ server 127.0.0.1:{upstream} max_fails=0; }}\n")
    (own / "listen.conf").write_text(LISTEN.format(port=port, folder=folder, host=HOST))


@contextmanager
def nginx_before(upstream: int, folder: Path) -> Iterator[Nginx]:
    """An nginx before that port; it ends with the block."""
    port = free_port()
    laid_out(folder, port, upstream)
    authority = Authority.made(folder)
    authority.context(HOST)
    with running(folder, port, authority) as made:
        yield made


@contextmanager
def running(folder: Path, port: int, authority: Authority) -> Iterator[Nginx]:
    """An nginx with what is laid out in a folder; it ends with the block."""
    process = subprocess.Popen(
        [needs("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"]},
    )
    try:
        _wait(process, port, folder)
        yield Nginx(port, folder, ssl.create_default_context(cafile=authority.file))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    ends = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)  # between two looks; the deadline above is what decides
    raise NotServing((folder / "error.log").read_text(encoding="utf-8"))
