"""What is refused before any reader: an image is one by its first element, not by a word in a cell."""

from __future__ import annotations

from pathlib import Path

import pytest

import reading
from parvis.errors import InputError
from reading import cells

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\ufeff",
        '<?xml version="1.0"?>\n',
        '<?xml version="1.0"?><!-- made by hand --> ',
        "<!DOCTYPE svg [<!ENTITY a 'b>'>]>",
    ],
)
def test_an_svg_image_is_refused(tmp_path: Path, before: str) -> None:
    with pytest.raises(InputError, match="image"):
        reading.told(tmp_path, (before + SVG).encode(), "plan.svg")


def test_a_cell_that_speaks_of_svg_is_a_cell(tmp_path: Path) -> None:
    place = {"type": "Feature", "geometry": None, "properties": {"logo": SVG}}
    sink = reading.told(tmp_path, {"type": "FeatureCollection", "features": [place]}, "x.geojson")
    assert cells(sink)[0]["logo"] == SVG
