"""Each detector carries its own good and bad cells: adding a file adds its tests."""

from __future__ import annotations

from types import ModuleType

import pytest

from parvis.plugins import found
from parvis.text import fold

DETECTORS = found("parvis.profiling.detectors", "detector")


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_tells_its_good_cells_from_its_bad_ones(name: str) -> None:
    detector: ModuleType = DETECTORS[name]
    assert detector.EXAMPLES[True]
    assert detector.EXAMPLES[False]
    assert [c for c in detector.EXAMPLES[True] if not detector.holds(c)] == []
    assert [c for c in detector.EXAMPLES[False] if detector.holds(c)] == []


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_declares_what_the_profile_needs(name: str) -> None:
    detector: ModuleType = DETECTORS[name]
    assert detector.TITLE
    assert 0 < detector.TOLERANCE <= 1
    assert 0 <= detector.ALONE <= 1
    assert detector.PERSONAL in ("", "direct", "quasi", "sensitive")
    assert all(0 < weight <= 1 and header == fold(header) for header, weight in detector.HEADERS.items())
