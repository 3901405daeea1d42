"""The confined process: what it gives back, what it cannot do, and what a death of it becomes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from parvis.errors import InputError, LimitError, RefusedError
from parvis.tables import cage

HERE = "parvis.tables.confinement:misbehave"


def go(what: str, seconds: float = 10, memory: int = 256 << 20, **more: Any) -> Any:
    return cage.run(HERE, {"what": what}, cage.Allowance(memory=memory, seconds=seconds), **more)


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


def test_many_threads_may_ask_at_once() -> None:
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
