"""The attacks of this folder, as a part of the proof: most name the requirement of ASVS that they prove."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.house.source import ROOT
from tests.proof.harness import Figures, Place, Size

TITLE = "Attacks on every route, by ids, privileges, tokens, text, addresses, costs, time and smuggled requests"
HERE = Path(__file__).parent


def prove(_: Place, __: Size) -> Figures:
    """All of them, in either size; what wants a program that is not here is skipped, and counted."""
    with tempfile.TemporaryDirectory(prefix="panzoto-proof-") as folder:
        told = Path(folder) / "attacks.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={told}", str(HERE)]
        environ = {**os.environ, "CI": ""}
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
        if not told.exists():
            return Figures(violations=[f"the attacks did not begin: {done.stdout[-500:]}{done.stderr[-500:]}"])
        suite = ET.parse(told).getroot()
    figures = Figures()
    for case in suite.iter("testcase"):
        figures.add({"attacks": 1, "skipped": int(case.find("skipped") is not None)})
        if case.find("failure") is not None or case.find("error") is not None:
            figures.violations.append(f"{case.get('classname')}::{case.get('name')}")
    return figures
