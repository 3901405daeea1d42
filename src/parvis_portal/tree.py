"""The processes of one machine as one tree: web, workers; the web ones start their own query workers.

Whoever dies is started again; a signal to the top stops them all cleanly, and nothing outlives it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from parvis.errors import InputError
from parvis.store import shelf
from parvis.store.folder import Folder

PATIENCE = 20.0  # seconds left to finish the work in hand
AGAIN = 1.0  # seconds before a dead process is started again


def settle(data: Path) -> None:
    """Finish what a crash cut: half-done withdrawals, leftovers, rows behind the shelf."""
    from parvis_portal.catalogue import actions
    from parvis_portal.jobs.tasks import reap

    folder = Folder(data)
    shelf.repair(folder)
    if actions.stale(folder):
        actions.reindex(folder)
    reap()


def serve(data: Path, host: str, port: int, workers: int, web: int, quiet: bool = False) -> int:
    """Run the tree until a signal; return the exit code."""
    door = _door(host, port)
    environment = {
        **os.environ,
        "PARVIS_DATA": str(data.absolute()),
        "DJANGO_SETTINGS_MODULE": "parvis_portal.settings",
    }
    page = [sys.executable, "-m", "parvis_portal.server", str(door.fileno())]
    job = [sys.executable, "-m", "parvis.cli.main", "worker", "--data", str(data.absolute())]
    with door:
        return _Tree(environment, door).run([*[page] * web, *[job] * workers])


def _door(host: str, port: int) -> socket.socket:
    """Open the socket that the web processes share: who asks while one starts again waits, and is not refused."""
    door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        door.listen(4096)
    except OSError as error:
        door.close()
        raise InputError(
            "Le port {port} est déjà pris par un autre programme.",
            "Essayez --port {other}.",
            port=port,
            other=port + 1,
        ) from error
    return door


class _Tree:
    def __init__(self, environment: dict[str, str], door: socket.socket) -> None:
        self.environment, self.door = environment, door
        self.running: dict[int, tuple[list[str], subprocess.Popen[bytes]]] = {}
        self.stopping = False

    def run(self, commands: list[list[str]]) -> int:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._stop)
        for number, command in enumerate(commands):
            self.running[number] = (command, self._start(command))
        while not self.stopping:
            time.sleep(0.2)
            for number, (command, process) in list(self.running.items()):
                if process.poll() is not None and not self.stopping:
                    sys.stderr.write(json.dumps({"restarted": command[2], "code": process.returncode}) + "\n")
                    time.sleep(AGAIN)
                    self.running[number] = (command, self._start(command))
        return self._end()

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        # A group of its own: Ctrl-C reaches us alone, and we tell the children in good order.
        return subprocess.Popen(command, env=self.environment, start_new_session=True, pass_fds=[self.door.fileno()])

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _end(self) -> int:
        processes = [p for _, p in self.running.values()]
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        limit = time.monotonic() + PATIENCE
        for process in processes:
            try:
                process.wait(max(limit - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return 0
