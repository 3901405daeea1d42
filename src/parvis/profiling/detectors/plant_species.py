"""Tree or plant: its Latin name, or its usual French one."""

from __future__ import annotations

from parvis.text import fold

TITLE = "Espèce végétale"
SOURCE = "Taxref, genres plantés en ville"
HEADERS = {
    "espece": 0.8,
    "essence": 1.0,
    "genre": 0.6,
    "nom latin": 1.0,
    "nom scientifique": 1.0,
    "botanique": 1.0,
    "taxon": 1.0,
    "nom botanique": 1.0,
    "genre espece": 1.0,
    "nom vernaculaire": 0.9,
    "nom usuel": 0.6,
    "essence arbre": 1.0,
    "espece arbre": 1.0,
    "genre arbre": 1.0,
}
TOLERANCE = 0.6
ALONE = 0.8
PERSONAL = ""
EXAMPLES = {
    True: ["Tilia platyphyllos", "Acer", "Platane commun", "Érable champêtre", "Celtis australis L."],
    False: ["rue des Tilleuls", "Hauteur", "Acerola SA", "12"],
}

_GENERA = frozenset(
    "abies acacia acer aesculus ailanthus albizia alnus amelanchier araucaria arbutus betula broussonetia buxus calocedrus "
    "carpinus carya castanea catalpa cedrus celtis ceratonia cercis chamaecyparis citrus cornus corylus cotinus crataegus "
    "cryptomeria cupressocyparis cupressus cydonia davidia diospyros elaeagnus eriobotrya eucalyptus euonymus fagus ficus "
    "fraxinus ginkgo gleditsia gymnocladus hibiscus ilex juglans juniperus koelreuteria laburnum lagerstroemia larix laurus "
    "ligustrum liquidambar liriodendron maclura magnolia malus melia mespilus metasequoia morus nerium nyssa olea ostrya "
    "parrotia paulownia phillyrea phoenix photinia picea pinus pistacia platanus populus prunus pseudotsuga pterocarya punica "
    "pyrus quercus rhamnus rhus robinia salix sambucus sequoia sequoiadendron sophora sorbus styphnolobium syringa tamarix "
    "taxodium taxus tetradium thuja tilia toona trachycarpus tsuga ulmus viburnum washingtonia zelkova".split()
)
_USUAL = frozenset(
    "abricotier acacia ailante albizzia alisier amandier arbousier aubepine aulne bouleau buis catalpa cedre cerisier charme "
    "chataignier chene cognassier copalme cornouiller cypres cytise erable eucalyptus fevier figuier filaire frene ginkgo "
    "grenadier hetre houx if laurier liquidambar magnolia marronnier meleze merisier micocoulier murier noisetier noyer olivier "
    "orme osmanthe ostryer palmier paulownia peuplier pin plaqueminier platane poirier pommier prunier robinier sapin saule "
    "savonnier sequoia sophora sorbier sureau tamaris thuya tilleul troene tulipier".split()
)


def holds(cell: str) -> bool:
    first = fold(cell).replace("-", " ").split()[:1]
    return bool(first) and (first[0] in _GENERA or first[0].removesuffix("s") in _USUAL or first[0] in _USUAL)
