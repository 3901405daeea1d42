"""Synthetic copies of a census: how near they are to it, what they tell of people, and what anonymeter finds in them.

    python3 do.py bench bench_synthetic

Distance is the share of rows that would have to change: of each column alone, and of each pair of columns (mean over all).
Goals: pairs at most 0.05 apart with the whole census (30,162 × 9) at epsilon 1, 0.08 with 3,000 rows at epsilon 3, in at
most 5 CPU seconds; our attacks find nobody in any copy, and somebody in the table itself; nor does anonymeter, which judges
the copy of one half of the census beside the other half (its estimate at most 0.1 on each criterion; 300 attacks are sure to
some 0.05).
The census is read in place beside the repository (``PARVIS_SHARED``).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import measure
import peers

SHARED = Path(os.environ.get("PARVIS_SHARED", peers.ROOT.parent / "shared"))
CENSUS = SHARED / "data" / "privacy" / "adult" / "adult.csv"
SIZES = (500, 3000, 0)  # rows drawn from the census, 0 for all
EPSILONS = (0.5, 1.0, 3.0, 10.0)
APART = {(0, 1.0): 0.05, (3000, 3.0): 0.08}
CPU_GOAL, PEER_GOAL = 5.0, 0.1

OURS = """
import json, sys
from pathlib import Path
import numpy as np, pyarrow as pa, pyarrow.csv as pcsv, pyarrow.parquet as pq
from parvis.privacy.attacks.copies import Blind
from parvis.privacy.measure import measure_synthetic
from parvis.privacy.synthesis import draw
from parvis.values import Column, Kind, Synthesis
work, rows, epsilon = Path('{work}'), {rows}, {epsilon}
told = pcsv.read_csv('{census}', parse_options=pcsv.ParseOptions(delimiter=';'))
told = told.rename_columns([c.replace('-', '_') for c in told.column_names])
if rows:
    told = told.take(np.random.default_rng(0).permutation(told.num_rows)[:rows])
real, copy, blind = work / 'real.parquet', work / 'copy.parquet', work / 'blind.parquet'
pq.write_table(told, real)
kinds = {{f.name: Kind.INTEGER if pa.types.is_integer(f.type) else Kind.TEXT for f in told.schema}}
columns = tuple(Column(n, n, k, 'income' if n == 'salary_class' else '') for n, k in kinds.items())
secret = bytes(32)
made = draw.make(real, columns, Synthesis(epsilon), secret, copy)
unseen = draw.unseen(real, columns, Synthesis(epsilon), secret, blind)
judged = measure_synthetic(real, columns, copy, made.columns, blind=Blind(blind, unseen))
raw = measure_synthetic(real, columns, real, columns, blind=Blind(blind, unseen))
print(json.dumps({{'alone': made.told.apart, 'together': made.told.together, 'failed': judged.failed, 'raw': raw.failed}}))
"""
HALF = """
from pathlib import Path
import pyarrow as pa, pyarrow.csv as pcsv, pyarrow.parquet as pq
from parvis.privacy.synthesis import draw
from parvis.values import Column, Kind, Synthesis
ours = pcsv.read_csv('{work}/ours.csv')
pq.write_table(ours, '{work}/ours.parquet')
columns = tuple(Column(f.name, f.name, Kind.INTEGER if pa.types.is_integer(f.type) else Kind.TEXT) for f in ours.schema)
draw.make(Path('{work}/ours.parquet'), columns, Synthesis({epsilon}), bytes(32), Path('{work}/made.parquet'))
pcsv.write_csv(pq.read_table('{work}/made.parquet'), '{work}/made.csv')
"""
SPLIT = """
import pandas as pd
every = pd.read_csv('{census}', sep=';').sample(frac=1, random_state=1)
every.columns = [c.replace('-', '_') for c in every.columns]
half = len(every) // 2
every[:half].to_csv('{work}/ours.csv', index=False)
every[half:].to_csv('{work}/control.csv', index=False)
"""
PEER = """
import json, warnings
warnings.filterwarnings('ignore')
import pandas as pd
from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator
ours, control, made = (pd.read_csv('{work}/' + n + '.csv') for n in ('ours', 'control', 'made'))
names = [c for c in ours.columns if c != 'salary_class']
out = {{}}
one = SinglingOutEvaluator(ori=ours, syn=made, control=control, n_attacks=300)
one.evaluate(mode='multivariate')
out['singling_out'] = one.risk(confidence_level=0.95).value
two = LinkabilityEvaluator(ori=ours, syn=made, control=control, n_attacks=300, aux_cols=(names[:4], names[4:]), n_neighbors=1)
two.evaluate(n_jobs=1)
out['linkability'] = two.risk(confidence_level=0.95).value
three = InferenceEvaluator(ori=ours, syn=made, control=control, aux_cols=names, secret='salary_class', n_attacks=300)
three.evaluate(n_jobs=1)
out['inference'] = three.risk(confidence_level=0.95).value
print(json.dumps({{k: round(float(v), 3) for k, v in out.items()}}))
"""


def main() -> None:
    if not CENSUS.exists():
        print(f"REAL FILES ABSENT: {CENSUS}")
        raise SystemExit(1)
    with tempfile.TemporaryDirectory() as name:
        good = [_copies(Path(name)), _peer(Path(name))]
    raise SystemExit(0 if all(good) else 1)


def _copies(work: Path) -> bool:
    good = True
    for rows in SIZES:
        for epsilon in EPSILONS:
            ran = measure.script(OURS.format(work=work, census=CENSUS, rows=rows, epsilon=epsilon))
            told = json.loads(ran.out.splitlines()[-1])
            goal = APART.get((rows, epsilon))
            reached = (
                ran.cpu <= CPU_GOAL and not told["failed"] and told["raw"] and (not goal or told["together"] <= goal)
            )
            good = good and reached
            print(
                f"{'atteint' if reached else 'MANQUÉ'} : {rows or 'toutes les'} lignes, epsilon {epsilon} : colonnes "
                f"{told['alone']:.3f}, paires {told['together']:.3f}{f' (but {goal})' if goal else ''}, critères manqués "
                f"{told['failed'] or 'aucun'} (table brute : {', '.join(told['raw'])}), {ran.cpu:.1f} s CPU",
                flush=True,
            )
    return good


def _peer(work: Path) -> bool:
    good = True
    python = str(peers.python("peers-anonymeter"))
    measure.run([python, "-c", SPLIT.format(census=CENSUS, work=work)])
    for epsilon in (1.0, 10.0):
        measure.script(HALF.format(work=work, epsilon=epsilon))
        ran = measure.run([python, "-c", PEER.format(work=work)])
        told = json.loads(ran.out.splitlines()[-1])
        reached = all(risk <= PEER_GOAL for risk in told.values())
        good = good and reached
        print(
            f"{'atteint' if reached else 'MANQUÉ'} : anonymeter sur notre copie, epsilon {epsilon} : {told}", flush=True
        )
    return good


if __name__ == "__main__":
    main()
