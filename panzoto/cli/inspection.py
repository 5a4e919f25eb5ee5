"""The tables of an account beside their declarations."""

from __future__ import annotations

from config import Config
from panzoto.cli.drift import CREATE, Finding, findings
from panzoto.models.spec import TableSpec

from .control import Control
from .faults import Refused


def name_of(config: Config, spec: TableSpec) -> str:
    """The name that the configuration gives a table."""
    name: str = getattr(config, f"{spec.label}_table")
    return name


def found(control: Control, config: Config, spec: TableSpec) -> list[Finding]:
    """What there is to say of a table; a refusal to show it is a finding too."""
    name = name_of(config, spec)
    try:
        live = control.look(name)
    except Refused as refusal:
        return [Finding(str(refusal))]
    if live is None:
        sentence = f"{name}: there is no such table in {control.place}; {CREATE} makes it, or {spec.variable}"
        return [Finding(f"{sentence} must name the one that there is.")]
    return findings(spec, live, config.tables_kms_key)
