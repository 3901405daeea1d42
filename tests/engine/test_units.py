"""Units as headers write them."""

from __future__ import annotations

import pytest

from parvis.units import unit_of, without_unit


@pytest.mark.parametrize(
    ("header", "unit", "rest"),
    [
        ("Coût (en €)", "€", "Coût"),
        ("Consommation en kWh", "kWh", "Consommation"),
        ("Hauteur [m]", "m", "Hauteur"),
        ("no2_ug_m3", "µg/m³", "no2"),
        ("surface_m2", "m²", "surface"),
        ("CONSO_KWH", "kWh", "CONSO"),
        ("vitesse_kmh", "km/h", "vitesse"),
        ("montant_eur", "€", "montant"),
        ("Coût (€ TTC)", "€", "Coût (€ TTC)"),
        ("Gaz (kWh PCS)", "kWh", "Gaz (kWh PCS)"),
        ("Horaires (h en été)", "", "Horaires (h en été)"),
        ("m2", "", "m2"),
        ("tour_t", "", "tour_t"),
        ("zone_m", "", "zone_m"),
        ("Alpha", "", "Alpha"),
        ("", "", ""),
    ],
)
def test_the_unit_of_a_header_is_read_and_taken_off(header: str, unit: str, rest: str) -> None:
    assert (unit_of(header), without_unit(header)) == (unit, rest)
