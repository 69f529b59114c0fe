"""A requirement that is absent is a skip with its reason, and a failure where it is required."""

import pytest

from tests.presence import read_required, report_absence


def test_absent_things_are_skipped_with_the_reason(monkeypatch):
    monkeypatch.delenv("MATRIX_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs docker: no engine"):
        report_absence("docker", "no engine")


def test_required_things_fail(monkeypatch):
    monkeypatch.setenv("MATRIX_REQUIRE", "chromium, docker")
    with pytest.raises(pytest.fail.Exception, match="docker is required"):
        report_absence("docker", "no engine")


def test_a_misspelt_requirement_is_refused(monkeypatch):
    monkeypatch.setenv("MATRIX_REQUIRE", "docker,chrome")
    with pytest.raises(ValueError, match="names chrome, expected some of docker, chromium"):
        read_required()
