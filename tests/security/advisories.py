"""Whether a pinned package has a known fault, as far as somebody tells: `make audit` asks, and says what it heard."""

from __future__ import annotations

import json
import subprocess
import sys

SECONDS = 300


def main(program: str, requirements: str, how: str = "") -> int:
    """Ask, and tell: 1 for a known fault, and for nobody who tells where that is required."""
    asked = [program, "--requirement", requirements, "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    answer = subprocess.run(asked, capture_output=True, text=True, timeout=SECONDS, check=False)
    return told(answer.stdout, required=how == "required")


def told(report: str, *, required: bool) -> int:
    """Say what a report has."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError):
        packages = []
    faults = [
        f"{each['name']} {each['version']}: {fault['id']}" for each in packages for fault in each.get("vulns", [])
    ]
    unknown = sum("skip_reason" in each for each in packages)
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    if unknown or not packages:
        sys.stdout.write(
            f"{len(packages) - unknown} packages were compared with known faults, {unknown or 'all'} were NOT: "
            "the service that tells them does not answer.\n"
        )
    else:
        sys.stdout.write(f"{len(packages)} packages were compared with known faults: {len(faults)}.\n")
    return 1 if faults or (required and (unknown or not packages)) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
