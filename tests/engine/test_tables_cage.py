"""The confined process: what it gives back, what it cannot do, and what a death of it becomes."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parvis.errors import InputError, LimitError, RefusedError
from parvis.tables import cage, fork

HERE = "parvis.tables.confinement:misbehave"


def go(what: str, seconds: float = 10, memory: int = 256 << 20, **more: Any) -> Any:
    return cage.run(HERE, {"what": what}, cage.Allowance(memory=memory, seconds=seconds), **more)


@pytest.fixture(params=["spawned", "forked"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Each test with a nursery that is a Python of its own, then with one that is a fork of ours."""
    cage.close()
    monkeypatch.setattr(fork, "possible", lambda _: request.param == "forked")
    yield request.param
    cage.close()


def test_the_nursery_is_what_was_asked(way: str) -> None:
    go("echo")
    assert cage._current is not None
    assert isinstance(cage._current._process, fork.Forked) is (way == "forked")


def test_it_gives_back_plain_data() -> None:
    assert go("echo") == {"said": "é", "numbers": [1, 2.5, None]}


def test_an_error_of_ours_comes_back_as_itself() -> None:
    with pytest.raises(RefusedError, match="Non, ligne 3"):
        go("refuse")


def test_an_unknown_error_becomes_a_kind_french_sentence() -> None:
    with pytest.raises(InputError) as caught:
        go("bug")
    assert "endommagé" in caught.value.text
    assert "ZeroDivisionError" not in caught.value.text


def test_a_parser_that_aborts_the_process_is_one_refused_file() -> None:
    with pytest.raises(InputError, match="échouer"):
        go("abort")
    assert go("echo")["said"] == "é"


def test_a_fork_survives_the_pipe_by_which_arrow_watches_signals() -> None:
    import io

    from pyarrow import csv

    csv.read_csv(io.BytesIO(b"a\n1\n"))  # opens it, in the main thread
    cage.close()
    assert go("echo")["said"] == "é"
    assert go("echo")["said"] == "é"


def test_too_much_memory_is_a_limit() -> None:
    with pytest.raises(LimitError):
        go("memory")


def test_an_endless_work_is_stopped_at_the_deadline() -> None:
    start = time.monotonic()
    with pytest.raises(LimitError, match="a été arrêtée"):
        go("sleep", seconds=1)
    assert time.monotonic() - start < 3


def test_an_endless_answer_is_stopped() -> None:
    with pytest.raises(LimitError):
        go("talk", memory=2 << 30)


def test_it_cannot_reach_the_network_nor_start_a_program(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = cage.run(HERE, {"what": "reach", "where": f"127.0.0.1:{server.getsockname()[1]}"}, writes=[tmp_path])
    assert told == {"network": False, "program": False, "fork": False}


def test_it_writes_in_its_work_folder_only(tmp_path: Path) -> None:
    if not cage.state()["disk"]:
        pytest.skip("this kernel has no Landlock")
    work, other = tmp_path / "work", tmp_path / "other"
    work.mkdir()
    other.mkdir()
    (other / "secret").write_text("secret")
    told = cage.run(HERE, {"what": "disk", "where": str(other)}, writes=[work])
    assert told == {"own": True, "read": False, "write": False, "list": False, "home": False}


def test_no_secret_of_the_environment_is_seen_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARVIS_SECRET_KEY", "do-not-look")
    cage.close()
    assert "do-not-look" not in go("environment")


def test_no_descriptor_of_ours_is_open_inside(tmp_path: Path) -> None:
    (tmp_path / "ours").write_text("ours")
    with (tmp_path / "ours").open() as held, socket.create_server(("127.0.0.1", 0)) as server:
        os.set_inheritable(held.fileno(), True)
        os.set_inheritable(server.fileno(), True)
        cage.close()
        told = go("descriptors")
    # Standard streams, the nursery's own, the answer, and what lists them.
    assert not [d for d in told if "ours" in d]
    assert sum("socket" in d for d in told) <= 1, told


_BARE = """
import hashlib, os, sys
from parvis import pipeline
from parvis.tables import cage, fork
{before}
print(fork.possible(cage._environment()))
told = cage.run("parvis.tables.confinement:misbehave", {{"what": "recall", "where": "canary-"}})
print(isinstance(cage._current._process, fork.Forked), hashlib.sha256(os.environ["CANARY"].encode()).hexdigest() in told)
"""


_THREADS = f"""
import threading
from parvis.tables import cage, fork
said = []
ask = lambda: said.append(cage.run({HERE!r}, {{"what": "echo"}})["said"])
ask()
threads = [threading.Thread(target=ask) for _ in range(11)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(isinstance(cage._current._process, fork.Forked), said.count("é"))
"""


def bare(before: str = "") -> list[str]:
    canary = f"canary-{hashlib.sha256(os.urandom(8)).hexdigest()}"
    program = _BARE.format(before=before)
    environment = {**os.environ, "CANARY": canary, "PYTHONPATH": ":".join(p for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True, env=environment
    )
    return done.stdout.split()


def test_a_command_that_has_just_started_is_forked_and_what_its_environment_held_is_wiped() -> None:
    assert bare() == ["True", "True", "False"]


@pytest.mark.parametrize(
    "before",
    [
        "import django",
        "import cryptography",
        "import threading, time; threading.Thread(target=time.sleep, args=(5,), daemon=True).start()",
        "from parvis.tables import engine; base = engine.connect()",
        "fork.hold()",
        "import pathlib; from parvis.store import sealed, folder; sealed.keys(folder.Folder(pathlib.Path('/nowhere')))",
        "sys.settrace(lambda *_: None)",
        "os.environ['MIMALLOC_ARENA_RESERVE'] = '1GiB'",
        "fork._YOUNG = 0.0",
    ],
)
def test_what_holds_more_than_programs_is_never_forked(before: str) -> None:
    assert bare(before) == ["False", "False", "False"]


def test_many_threads_may_ask_at_once(way: str) -> None:
    if way == "forked":  # a process of tests has grown too large to stand for a command that has just started
        done = subprocess.run(
            [sys.executable, "-c", _THREADS], capture_output=True, text=True, timeout=60, check=True,
            env={**os.environ, "PYTHONPATH": ":".join(p for p in sys.path if p)},
        )  # fmt: skip
        assert done.stdout.split() == ["True", "12"]
        return
    said: list[Any] = []
    threads = [threading.Thread(target=lambda: said.append(go("echo")["said"])) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["é"] * 12


def test_a_dead_nursery_is_started_again() -> None:
    go("echo")
    assert cage._current is not None
    cage._current._process.send_signal(signal.SIGKILL)
    cage._current._process.wait()
    assert go("echo")["said"] == "é"


def test_nothing_survives_us() -> None:
    program = (
        "from parvis.tables import cage; import os, threading\n"
        "t = threading.Thread(target=lambda: cage.run('parvis.tables.confinement:misbehave', {'what': 'sleep'}))\n"
        "t.daemon = True; t.start()\n"
        "import time; time.sleep(2); print(cage._current._process.pid, flush=True); os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    nursery = int(done.stdout)
    for _ in range(50):
        if not Path(f"/proc/{nursery}").exists() or _zombie(nursery):
            return
        time.sleep(0.1)
    os.kill(nursery, signal.SIGKILL)
    pytest.fail("the nursery outlived its parent")


def _zombie(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
