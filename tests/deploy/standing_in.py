"""What a machine of production has and one of tests has not: systemd's commands, a user, the ports below 1024."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.needs import needs

from .units import UNIT

# It knows the units of `deploy/systemd/` and two of packages, no other, and notes what it is asked for.
SYSTEMCTL = """
for word in "$@"; do case "$word" in
  daemon-reload|enable|--now|restart|reload|nginx|systemd-journal-upload) ;;
  *.*) test -e "{units}/$(echo "$word" | sed 's/@[a-z0-9]*/@/')" || exit 5 ;;
  *) test -e "{units}/$(echo "$word" | sed 's/@[a-z0-9]*/@/').service" || exit 5 ;;
esac; done
echo "$@" >> {folder}/systemctl.log
"""
JOURNALCTL = """
test "$1" = --unit && test "$3" = --since || exit 1
cat {folder}/journal
"""
# A virtual environment with all packages in it, as the tests have one.
PYTHON = """
test "$1 $2" = "-m venv" || exit 1
ln -s {environment} "$3"
"""
NGINX = """
sed -i 's/\\b443\\b/{tls}/; s/\\b80\\b/{plain}/; s#/var/log/nginx#{folder}#' {folder}/etc/nginx/panzoto/*.conf
exec {nginx} -p {folder}/etc/nginx -c {folder}/etc/nginx/nginx.conf -e {folder}/etc/nginx/error.log "$@"
"""
PROGRAMS = {"systemctl": SYSTEMCTL, "journalctl": JOURNALCTL, "python3": PYTHON, "nginx": NGINX, "useradd": "exit 0\n"}


def put_into(folder: Path, ports: Mapping[str, int]) -> Path:
    """Put the programs into a folder of their own, which comes first on the path."""
    programs = folder / "programs"
    programs.mkdir()
    values = {"folder": folder, "units": UNIT.parent, "environment": sys.prefix, "nginx": needs("nginx"), **ports}
    for name, text in PROGRAMS.items():
        script = programs / name
        script.write_text("#!/bin/sh\nset -eu\n" + text.format(**values))
        script.chmod(0o755)
    return programs
