"""Encodings of municipal text files, named right or wrong, against charset-normalizer and csv-detective.

    python3 do.py bench bench_encoding

Two sets. Real files: every text file of the shared folder that is not plain ASCII, with the encoding that a person
read in it (``tests/engine/expected_shapes.toml``). Transcoded: the same texts, whole and cut to a few lines, written
as French offices write them: UTF-8 with and without BOM, UTF-16, cp1252, cp850 (DOS), Mac Roman with CR, and two
encodings in one file. An answer is right when the text that it gives is the text that was written, whatever its name.

Goal: 100 % of the real files, and more than each peer on the transcoded ones.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from parvis.tables import sniff

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("PARVIS_SHARED", ROOT.parent / "shared")) / "data"
PEERS = ROOT / ".cache" / "peers" / "bin" / "python"
LARGEST = 400_000  # bytes of a transcoded file
SHORT = 3  # lines of a cut one
WAYS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "cp850", "mac_roman", "mixed")
PEER = """
import json, sys
from {module} import {name}
for line in sys.stdin:
    print(json.dumps({call}), flush=True)
"""


def real() -> Iterator[tuple[str, Path, str]]:
    """Yield (name, path, text) of the real files that are not plain ASCII, as the person who labelled them read them."""
    shapes = tomllib.loads((ROOT / "tests/engine/expected_shapes.toml").read_text("utf-8"))
    for file, shape in shapes.items():
        encoding = shape["tables"][0].get("encoding")
        path = SHARED / file
        if encoding and path.is_file():
            yield file, path, read_as(path.read_bytes(), encoding)


def read_as(content: bytes, encoding: str) -> str:
    """Return the text of a file of one encoding, or of two (« utf-8 + cp1252 »: line by line)."""
    first, _, second = encoding.partition(" + ")
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not second:
        return normal(content.decode(first))
    lines = []
    for line in content.split(b"\n"):
        try:
            lines.append(line.decode(first))
        except UnicodeDecodeError:
            lines.append(line.decode(second))
    return normal("\n".join(lines))


def normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff").rstrip("\n")


def written(text: str, way: str) -> bytes | None:
    """Return a text as an office would write it, or None when this encoding lacks one of its letters."""
    try:
        if way == "mixed":
            lines = text.split("\n")
            half = len(lines) // 2
            content = "\n".join(lines[:half]).encode() + b"\n" + "\n".join(lines[half:]).encode("cp1252")
            return None if "\n".join(lines[:half]).isascii() or "\n".join(lines[half:]).isascii() else content
        if way == "utf-16":
            return b"\xff\xfe" + text.encode("utf-16-le")
        return text.replace("\n", "\r" if way == "mac_roman" else "\r\n").encode(way)
    except UnicodeEncodeError:
        return None


def ours(path: Path) -> str:
    return normal("".join(sniff.text(path, 1 << 24).decode(path)))


def by_name(path: Path, name: str) -> str:
    try:
        return normal(path.read_bytes().decode(name))
    except (LookupError, UnicodeDecodeError, TypeError):
        return ""


class Peer:
    """A detector in its own process, asked for the name of one file's encoding at a time."""

    def __init__(self, program: Path, module: str, name: str, call: str) -> None:
        source = PEER.format(module=module, name=name, call=call)
        self.process = subprocess.Popen(
            [str(program), "-c", source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self, path: Path) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline()
        return by_name(path, json.loads(said) or "") if said.strip() else ""


def detectors() -> dict[str, Callable[[Path], str]]:
    out: dict[str, Callable[[Path], str]] = {"parvis": ours}
    asked = {
        "charset-normalizer": (
            "charset_normalizer",
            "from_path",
            "getattr(from_path(line.strip()).best(), 'encoding', '')",
        ),
        "csv-detective": (
            "csv_detective.detection.encoding",
            "detect_encoding",
            "detect_encoding(open(line.strip(), 'rb'))",
        ),
    }
    for peer, (module, name, call) in asked.items():
        program = next((p for p in (PEERS, Path(sys.executable)) if p.exists() and has(p, module)), None)
        if program is not None:
            out[peer] = Peer(program, module, name, call)
        else:
            print(f"{peer}: absent, not compared")
    return out


def has(program: Path, module: str) -> bool:
    return subprocess.run([str(program), "-c", f"import {module}"], capture_output=True, check=False).returncode == 0


def main() -> int:
    known = list(real())
    if not known:
        print("REAL FILES ABSENT: nothing was compared")
        return 0
    right: Counter[tuple[str, str]] = Counter()
    asked: Counter[str] = Counter()
    compared = detectors()

    def ask(label: str, path: Path, text: str, named: str) -> None:
        asked[label] += 1
        for name, detector in compared.items():
            good = detector(path) == text
            right[label, name] += good
            if name == "parvis" and not good:
                print(f"parvis wrong: {named} ({label})")

    for file, path, text in known:
        ask("real files", path, text, file)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "asked"
        for file, _, text in known:
            lines = text[:LARGEST].split("\n")
            cut = [line for line in lines[1:] if not line.isascii()][:SHORT]
            for size, part in (("whole", "\n".join(lines)), ("3 lines", "\n".join([lines[0], *cut]))):
                for way in WAYS:
                    content = written(normal(part), way)
                    if content is not None:
                        path.write_bytes(content)
                        ask(f"{way}, {size}", path, normal(part), file)
    print(f"{'':24}{'files':>7}" + "".join(f"{name:>20}" for name in compared))
    for label, count in asked.items():
        print(f"{label:24}{count:7}" + "".join(f"{right[label, name] / count:20.1%}" for name in compared))
    total = {name: sum(right[label, name] for label in asked) / asked.total() for name in compared}
    print(f"{'all':24}{asked.total():7}" + "".join(f"{share:20.1%}" for share in total.values()))
    met = right["real files", "parvis"] == asked["real files"]
    met = met and all(total["parvis"] > share for name, share in total.items() if name != "parvis")
    print("goal met" if met else "GOAL MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
