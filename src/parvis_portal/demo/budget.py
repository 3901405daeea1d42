"""A municipal budget as TOTEM writes it: balanced to the cent, by section and for the order operations."""

from __future__ import annotations

from random import Random
from xml.sax.saxutils import quoteattr

from parvis.frozen import dataclass
from parvis_portal.demo import people
from parvis_portal.demo.town import INSEE, NAME, POPULATION, SIRET

STEPS = {"01": "Budget primitif", "09": "Compte administratif"}
FUNCTIONS = ("020", "11", "201", "212", "213", "281", "311", "313", "321", "324", "331", "420", "510", "511", "845")

# nature: (yearly amount in euros, functions it is spread over)
RUNNING_EXPENSE = {
    "60611": (96_000, 6),
    "60612": (412_000, 9),
    "60613": (268_000, 7),
    "60622": (71_000, 3),
    "60623": (38_000, 4),
    "60628": (24_000, 5),
    "60631": (33_000, 6),
    "60632": (88_000, 9),
    "60636": (14_000, 4),
    "6064": (19_000, 5),
    "6065": (31_000, 1),
    "6067": (62_000, 3),
    "6068": (45_000, 6),
    "611": (486_000, 5),
    "6132": (27_000, 3),
    "61351": (18_000, 3),
    "61521": (74_000, 3),
    "615221": (139_000, 8),
    "615231": (118_000, 2),
    "61551": (36_000, 3),
    "6156": (121_000, 7),
    "6161": (64_000, 2),
    "617": (22_000, 3),
    "6182": (9_000, 4),
    "6184": (26_000, 3),
    "6226": (17_000, 2),
    "6228": (42_000, 4),
    "6232": (58_000, 4),
    "6236": (23_000, 3),
    "6247": (31_000, 3),
    "6251": (6_000, 3),
    "6261": (15_000, 1),
    "6262": (38_000, 4),
    "6281": (12_000, 3),
    "6332": (14_000, 3),
    "6336": (48_000, 5),
    "64111": (2_910_000, 13),
    "64112": (64_000, 6),
    "64131": (742_000, 9),
    "6451": (618_000, 11),
    "6453": (905_000, 11),
    "6454": (29_000, 4),
    "6455": (81_000, 2),
    "6475": (13_000, 1),
    "65311": (168_000, 1),
    "65315": (4_000, 1),
    "6553": (318_000, 1),
    "65568": (92_000, 3),
    "657362": (240_000, 1),
    "65748": (196_000, 5),
    "66111": (203_000, 1),
    "673": (5_000, 1),
}
RUNNING_RECEIPT = {
    "70311": (14_000, 1),
    "7062": (21_000, 2),
    "70631": (96_000, 1),
    "7066": (118_000, 1),
    "7067": (482_000, 2),
    "70878": (37_000, 3),
    "73111": (5_640_000, 1),
    "73123": (312_000, 1),
    "73141": (168_000, 1),
    "73211": (1_214_000, 1),
    "73212": (96_000, 1),
    "74111": (1_020_000, 1),
    "741123": (196_000, 1),
    "741127": (88_000, 1),
    "74718": (74_000, 3),
    "7473": (31_000, 3),
    "7478": (286_000, 2),
    "74834": (142_000, 1),
    "752": (119_000, 4),
    "75888": (16_000, 2),
}
INVESTED = {
    "1641": (655_000, 1),
    "2031": (74_000, 3),
    "2051": (46_000, 2),
    "2111": (62_000, 1),
    "2128": (88_000, 2),
    "21311": (54_000, 1),
    "21312": (486_000, 2),
    "21318": (312_000, 3),
    "2151": (538_000, 1),
    "21538": (97_000, 1),
    "21828": (64_000, 2),
    "21831": (41_000, 2),
    "21841": (38_000, 2),
    "2188": (76_000, 4),
    "2313": (720_000, 3),
}
INVESTMENT_RECEIPT = {
    "10222": (318_000, 1),
    "10226": (74_000, 1),
    "1321": (186_000, 2),
    "1322": (118_000, 2),
    "1323": (92_000, 2),
    "1341": (164_000, 1),
}
OPERATIONS = ("École Louise-Michel", "Place du Marché", "Gymnase", "Voirie 2022-2026", "Éclairage public")
# Order operations: what one section gives, the other receives.
DEPRECIATION = {"28031": 18_000, "28051": 26_000, "281312": 142_000, "28152": 88_000, "28182": 54_000, "28188": 61_000}
SUBSIDY_SHARE = {"13911": 31_000, "13912": 18_000, "13913": 12_000}


@dataclass(frozen=True, slots=True)
class Line:
    nature: str
    function: str
    side: str  # R or D
    section: str  # F or I
    amount: int  # cents
    order: str = "0"  # 1: an order operation between sections
    operation: str = ""


def lines(draw: Random, year: int) -> list[Line]:
    """Return the lines of a year: order operations equal on both sides, each section balanced."""
    growth = 1.0 + 0.024 * (year - 2022)
    made = [
        *_spread(draw, RUNNING_EXPENSE, "D", "F", growth),
        *_spread(draw, RUNNING_RECEIPT, "R", "F", growth),
        *_spread(draw, INVESTED, "D", "I", growth),
        *_spread(draw, INVESTMENT_RECEIPT, "R", "I", growth),
    ]
    worn = {n: round(a * growth) * 100 for n, a in DEPRECIATION.items()}
    made.extend(Line(n, "01", "R", "I", a, "1") for n, a in worn.items())
    made.append(Line("6811", "01", "D", "F", sum(worn.values()), "1"))
    share = {n: round(a * growth) * 100 for n, a in SUBSIDY_SHARE.items()}
    made.extend(Line(n, "01", "D", "I", a, "1") for n, a in share.items())
    made.append(Line("777", "01", "R", "F", sum(share.values()), "1"))
    # The loan balances the investment, and direct taxes balance the running section.
    made.append(Line("1641", "01", "R", "I", _gap(made, "I")))
    gap = _gap(made, "F")
    return [_plus(line, gap) if line.nature == "73111" else line for line in made]


def _spread(draw: Random, plan: dict[str, tuple[int, int]], side: str, section: str, growth: float) -> list[Line]:
    made = []
    for nature, (euros, spread) in plan.items():
        functions = ["01"] if side == "R" and spread == 1 else draw.sample(FUNCTIONS, spread)
        for function in functions:
            amount = round(euros * growth * draw.uniform(0.85, 1.15) / spread * 100)
            equipment = section == "I" and side == "D" and nature[:2] in ("21", "23")
            operation = str(101 + draw.randrange(len(OPERATIONS))) if equipment and draw.random() < 0.6 else ""
            made.append(Line(nature, function, side, section, amount, operation=operation))
    return made


def _gap(made: list[Line], section: str) -> int:
    spent = sum(x.amount for x in made if x.section == section and x.side == "D")
    return spent - sum(x.amount for x in made if x.section == section and x.side == "R")


def _plus(line: Line, cents: int) -> Line:
    return Line(line.nature, line.function, line.side, line.section, line.amount + cents, line.order, line.operation)


def totem(draw: Random, step: str, year: int) -> str:
    """Return the TOTEM document of a step ("01" voted, "09" realised) of a year."""
    out = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>',
        '<DocumentBudgetaire xmlns="http://www.minefi.gouv.fr/cp/demat/docbudgetaire">',
        *(_v("VersionSchema", "113"), _v("Scellement", "0" * 40)),
        "<EnTeteDocBudgetaire>",
        *(_v("DteStr", f"{year + (step == '09')}-03-28"), _v("LibellePoste", "TRESORERIE"), _v("IdPost", "058000")),
        *(_v("LibelleColl", NAME.upper()), _v("IdColl", SIRET), _v("NatCEPL", "Commune"), _v("Departement", "058")),
        "</EnTeteDocBudgetaire>",
        "<Budget><EnTeteBudget>",
        *(_v("LibelleEtab", NAME.upper()), _v("IdEtab", SIRET), _v("CodColl", "000"), _v("CodInseeColl", INSEE)),
        *(_v("CodBud", "00"), _v("Nomenclature", "M57-M57_D")),
        "</EnTeteBudget><BlocBudget>",
        *(_v("NatDec", step), _v("Exer", str(year)), _v("NumDec", "1"), _v("NatVote", "FcIc")),
        *(_v("TypProv", "1"), _v("BudgPrec", "1"), _v("ReprRes", "1"), _v("NatFonc", "3"), _v("CodTypBud", "P")),
        "</BlocBudget><InformationsGenerales>",
        *('<Information><Code V="PopTot"/>', '<Libelle V="Population totale"/>'),
        f'<ValCom V="{POPULATION // 1000} {POPULATION % 1000:03d}"/></Information>',
        "</InformationsGenerales>",
        *(_line(x, step) for x in lines(draw, year)),
        "<Annexes>",
        *_grants(draw),
        *_signatories(draw),
        "</Annexes></Budget></DocumentBudgetaire>",
    ]
    return "\n".join(out)


def _v(tag: str, value: str) -> str:
    return f"<{tag} V={quoteattr(value)}/>"


def _line(line: Line, step: str) -> str:
    amount = f"{line.amount / 100:.2f}"
    voted = f"{line.amount / 96:.2f}" if step == "09" else amount
    parts = [_v("Nature", line.nature), _v("Fonction", line.function)]
    if line.operation:
        parts += [_v("LibCpte", OPERATIONS[int(line.operation) - 101]), _v("Operation", line.operation)]
    parts += [_v("ArtSpe", "false"), _v("CodRD", line.side), _v("MtBudgPrec", "0"), _v("MtRARPrec", "0")]
    parts += [_v("MtPropNouv", voted), _v("MtPrev", voted), _v("CredOuv", voted)]
    parts += [_v("MtReal", amount if step == "09" else "0"), _v("MtRAR3112", "0"), _v("OpBudg", line.order)]
    if line.order == "1":
        parts.append(_v("TypOpBudg", "2"))
    parts.append(f'<CaracSup V="{line.section}" Code="Section"/>')
    return f"<LigneBudget>{''.join(parts)}</LigneBudget>"


def _grants(draw: Random) -> list[str]:
    out = ["<DATA_CONCOURS>"]
    for _ in range(6):
        name = f"Association {people.surname(draw)}"
        out.append(f"<CONCOURS>{_v('LibOrgaBenef', name)}{_v('MtSubv', str(draw.randrange(2, 90) * 100))}</CONCOURS>")
    return [*out, "</DATA_CONCOURS>"]


def _signatories(draw: Random) -> list[str]:
    signed = (people.person(draw) for _ in range(5))
    names = [_v("Signataire", f"{last.upper()} {first}") for first, last in signed]
    return ["<DATA_SIGNATAIRES>", *(f"<SIGNATAIRE>{n}</SIGNATAIRE>" for n in names), "</DATA_SIGNATAIRES>"]
