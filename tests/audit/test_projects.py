"""Small projects, each with a planted fault or none: the audit must name the right test, object and cause, and nothing else."""

from __future__ import annotations

import pytest

from matrix.audit import command
from matrix.audit.project import check_packages
from tests.audit.bed import Bed, list_pairs, read_expected


@pytest.fixture(scope="module")
def bed(request, tmp_path_factory):
    pairs = [item.callspec.params["pair"] for item in request.session.items if item.path == request.path and "pair" in item.callspec.params]
    bed, known = Bed(tmp_path_factory.mktemp("bed")), {}

    def ask_once(python, *more):
        if python not in known:
            known[python] = check_packages(python, *more)
        return known[python]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "check_packages", ask_once)  # five interpreters are asked, not sixty times one
        bed.start(pairs, {kind: request.getfixturevalue(f"{kind}_server") for kind in sorted({kind for _, kind in pairs})})
        yield bed
        bed.pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("pair", list_pairs(), ids="-".join)
def test_audit_says_what_is_planted(pair, bed):
    expected, audited = read_expected(pair[0]), bed.take(*pair)
    document = audited.document
    counted = [finding for finding in document["findings"] if finding["counted"] and finding["test"] not in expected.get("ignore", ())]
    wanted = expected.get("findings", [])
    assert [(f["test"], f["kind"]) for f in counted] == [(w.get("test"), w["class"]) for w in wanted], (document["findings"], audited.log)
    for finding, want in zip(counted, wanted, strict=True):
        check_finding(finding, want)
    assert [finding["test"] for finding in document["findings"] if finding["kind"] == "cleared"] == expected.get("cleared", [])
    assert audited.code == (1 if any(finding["counted"] for finding in document["findings"]) else 0)
    assert document["disagreements"] == document["problems"] == []


def check_finding(finding: dict, want: dict) -> None:
    assert any(found["kind"] == want["kind"] and want["object"] in (found["object"], "*") for found in finding["residue"]), finding
    assert want.get("fixture", "") in finding["fixture"]
    if want.get("cause", "*") != "*":
        assert finding["cause"], finding
        assert finding["cause"]["id"] == want["cause"], finding
