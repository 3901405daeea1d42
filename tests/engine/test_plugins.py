"""Plugins are found in their folder, and in the packages that declare one."""

from __future__ import annotations

from pathlib import Path

import pytest

from parvis import plugins


def test_a_package_from_outside_brings_its_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = tmp_path / "couleurs-1.0.dist-info"
    declared.mkdir()
    (declared / "METADATA").write_text("Metadata-Version: 2.1\nName: couleurs\nVersion: 1.0\n", "utf-8")
    (declared / "entry_points.txt").write_text("[parvis.detectors]\nnuance = couleurs_de_test\n", "utf-8")
    (tmp_path / "couleurs_de_test.py").write_text('TITLE = "Nuance"\n', "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    plugins.found.cache_clear()
    plugins._declared.cache_clear()
    try:
        assert plugins.found("parvis.profiling.detectors", "detectors")["nuance"].TITLE == "Nuance"
        assert "nuance" not in plugins.found("parvis.tables.readers", "readers")
    finally:
        plugins.found.cache_clear()
        plugins._declared.cache_clear()
