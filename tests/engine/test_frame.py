"""Where a town's data lie, told from its layers."""

from __future__ import annotations

from parvis.catalogue.frame import frame

HERE = (3.0, 47.0, 3.1, 47.1)


def test_the_frame_of_a_town_holds_all_its_layers() -> None:
    assert frame([HERE, (3.05, 46.95, 3.15, 47.05), ()]) == (3.0, 46.95, 3.15, 47.1)


def test_a_layer_that_lies_elsewhere_does_not_draw_the_town_across_the_ocean() -> None:
    assert frame([HERE, HERE, (0.0, 0.0, 0.01, 0.01)]) == HERE


def test_a_layer_of_a_whole_region_says_nothing_of_the_town() -> None:
    assert frame([(1.0, 45.0, 4.0, 49.0), HERE]) == HERE
    assert frame([(1.0, 45.0, 4.0, 49.0)]) == ()
    assert frame([]) == ()
