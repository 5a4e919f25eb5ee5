"""How glibc hands out the memory of password hashes: told by the environment, before the process begins.

A hash of 46 MiB is fresh pages each time, and half of its time goes into them. Huge pages halve that, and what a burst
of hashes took is given back. glibc reads it once: nothing in Python can set it later, but only look for it.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping

VARIABLE = "GLIBC_TUNABLES"
SETTINGS = {
    "glibc.malloc.hugetlb": "1",
    "glibc.malloc.mmap_threshold": "8388608",
    "glibc.malloc.trim_threshold": "33554432",
}
TUNABLES = ":".join(f"{name}={value}" for name, value in SETTINGS.items())


def wanting(environ: Mapping[str, str]) -> list[str]:
    """The settings that the environment does not make, whatever their value; none where the library is another."""
    if platform.libc_ver()[0] != "glibc":
        return []
    made = {each.partition("=")[0] for each in environ.get(VARIABLE, "").split(":")}
    return [name for name in SETTINGS if name not in made]
