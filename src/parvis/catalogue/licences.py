"""The licences that French law lets an administration choose for its data (CRPA, L. 323-2 and D. 323-2-1)."""

from __future__ import annotations

from collections.abc import Mapping

from parvis.frozen import dataclass
from parvis.values import msg


@dataclass(frozen=True, slots=True)
class Licence:
    title: str
    url: str
    page: str  # the address by which catalogues know it
    dcat: str  # its name in the European table « licence »
    kind: str  # what it asks, in the vocabulary « licencetype » of ADMS
    spdx: str
    attribution: str  # French sentence, places: producer, title, day


LICENCES: Mapping[str, Licence] = {
    "lov2": Licence(
        msg("Licence Ouverte 2.0"),
        "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
        "ETALAB_2_0",
        "Attribution",
        "etalab-2.0",
        msg("{producer}, « {title} », données mises à jour le {day}, Licence Ouverte 2.0"),
    ),
    "odbl": Licence(
        msg("Open Database License (ODbL) 1.0"),
        "https://opendatacommons.org/licenses/odbl/1-0/",
        "https://opendatacommons.org/licenses/odbl/1-0/",
        "ODC_BL",
        "ViralEffect-ShareAlike",
        "ODbL-1.0",
        msg("{producer}, « {title} », données mises à jour le {day}, sous licence ODbL 1.0"),
    ),
}
