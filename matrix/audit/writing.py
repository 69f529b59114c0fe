"""The audit as a file: audit.json, which the page and JUnit are made of."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import jsonschema_rs

from matrix.audit.auditor import Auditor
from matrix.audit.findings import Finding
from matrix.audit.secrets import Hider
from matrix.audit.serving import Ran
from matrix.facts import JsonObject

SCHEMA = Path(__file__).with_name("audit.schema.json")


def describe_audit(auditor: Auditor, ran: Ran, hider: Hider, project: str, versions: dict[str, str], expected: dict[str, str]) -> JsonObject:
    """Return the whole audit as JSON values, with nothing in it that must be hidden."""
    findings = [hider.hide_finding(finding).as_json() for finding in auditor.findings]
    looks: Counter[str] = Counter()
    for watch in auditor.watches.values():
        looks.update(watch.looker.looks)
    document: JsonObject = {
        "format": 1, "project": project, "versions": versions, "interrupted": ran.interrupted,
        "pytest_exit_code": ran.code, "duration_s": round(ran.duration_s, 3), "looking_s": round(auditor.cost_s, 3),
        "tests": [{"id": t.id, "outcome": t.outcome, "duration_s": t.duration_s, "worker": t.worker} for t in auditor.tests],
        "databases": [{"name": w.address.name, "product": w.product, "workers": sorted(w.workers), "not_seen": list(w.said_blind)} for w in auditor.watches.values()],
        "not_watched": sorted(auditor.others),
        "findings": findings, "expected": expected, "looks": dict(looks),
        "disagreements": [line for watch in auditor.watches.values() for line in watch.looker.disagreements],
        "problems": [hider.hide_text(problem) for problem in auditor.problems],
    }  # fmt: skip
    jsonschema_rs.validate(json.loads(SCHEMA.read_bytes()), document)
    return document


def expect(findings: list[Finding], expected: dict[str, str]) -> None:
    """Mark findings of nothing but expected tables with the reason that was given."""
    for finding in findings:
        if finding.residue and all(found.object in expected for found in finding.residue):
            finding.expected = expected[finding.residue[0].object]


def write_audit(document: JsonObject, directory: Path) -> Path:
    """Write audit.json; returns its path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "audit.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False), "utf-8")
    return path
