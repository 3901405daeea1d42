"""The far side of the cage: the nursery that forks, and what a child gives up before it reads a file.

Started by ``parvis.tables.cage`` only.
Kernel interfaces by ctypes: landlock(7), seccomp(2), user_namespaces(7), prctl(2), setrlimit(2). Each one is used
when the kernel has it; ``report`` says which ones are active. Limits of memory and time are always there.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import hashlib
import importlib
import json
import os
import platform
import re
import resource
import select
import signal
import socket
import struct
import sys
import sysconfig
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from parvis.errors import ParvisError, RefusedError
from parvis.plugins import found

FIRST = ("pyarrow", "pyarrow.parquet", "pyarrow.csv", "parvis.tables.read")  # what every file needs
# Loaded while nothing is asked: the first workbook or geographic file of a worker finds them ready. A command reads its
# file and ends before.
LATER = ("python_calamine", "lxml.etree", "pyogrio", "shapely", "pyproj")
_IDLE = 60.0  # seconds without a file: a command on a busy machine must not wait behind what it will never need
_PIECE = 1 << 22  # bytes of memory looked at together, when it is asked what a child can see
_ACTIVE: dict[str, bool] = {}


# --- The nursery ----------------------------------------------------------------------------------


def nursery(descriptor: int) -> None:
    """Fork one confined child per request until our side hangs up or dies, then end with all of them.

    The kernel is not asked to end us with our parent: it would do so as soon as the thread that started us ends.
    """
    parent = os.getppid()
    control = socket.socket(fileno=descriptor)
    wake_r, wake_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_w, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _load(FIRST)
    found("parvis.tables.readers", "readers")  # asked of every file: loaded here once, and not by each child
    gc.freeze()  # what is loaded is no child's garbage, and its memory stays shared with all of them
    running: dict[int, tuple[int, int]] = {}  # pid -> (job, descriptor for the exit status)
    idle = True
    while True:
        ready, _, _ = select.select([control.fileno(), wake_r], [], [], _IDLE)
        if os.getppid() != parent:  # another process may have our side of the channel
            break
        if not ready and idle and not running:
            _load(LATER)
            gc.freeze()
            idle = False
        if wake_r in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake_r, 4096)
            _reap(running)
        if control.fileno() in ready:
            message, fds, _, _ = socket.recv_fds(control, 64, 3)
            if not message:
                break
            verb, job = message.decode().split()
            if verb == "run":
                _fork(int(job), fds, running, control, (wake_r, wake_w))
            else:
                for pid in [p for p, (j, _) in running.items() if j == int(job)]:
                    _kill(pid)
    for pid in running:
        _kill(pid)


def _load(modules: Sequence[str]) -> None:
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _fork(
    job: int,
    fds: Sequence[int],
    running: dict[int, tuple[int, int]],
    control: socket.socket,
    wake: tuple[int, int],
) -> None:
    body, answer, status = fds
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        gc.enable()
        control.close()
        for fd in (*wake, status, *(s for _, s in running.values())):
            os.close(fd)
        _child(body, answer)
    for fd in (body, answer):
        os.close(fd)
    running[pid] = (job, status)


def _reap(running: dict[int, tuple[int, int]]) -> None:
    for pid in list(running):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            _, fd = running.pop(pid)
            with contextlib.suppress(OSError):
                os.write(fd, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(fd)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


# --- The child ------------------------------------------------------------------------------------


def _child(body: int, answer: int) -> None:
    status = 1
    try:
        with os.fdopen(body, "rb") as stream:
            request = json.load(stream)
        told = _answer(request)
        status = 0 if "value" in told else 1
        data = json.dumps(told).encode()
        view = memoryview(data)
        while view:
            view = view[os.write(answer, view) :]
    except BaseException:  # whatever happens, a child never goes on into its parent's code
        status = 1
    finally:
        os._exit(status)


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        module, _, name = request["function"].partition(":")
        function: Callable[..., Any] = getattr(importlib.import_module(module), name)  # its memory is no file's
        confine(request)
        return {"value": function(**request["arguments"])}
    except ParvisError as error:
        return {
            "error": type(error).__name__,
            "message": error.message,
            "hint": error.hint,
            "values": {k: v if isinstance(v, int | float) else str(v) for k, v in error.values.items()},
        }
    except MemoryError:
        return {"error": "MemoryError", "trace": traceback.format_exc()[-4000:]}
    except Exception as error:
        memory = "out of memory" in str(error).lower() or type(error).__name__ in (
            "OutOfMemoryException",
            "ArrowMemoryError",
        )
        return {"error": "MemoryError" if memory else "Exception", "trace": traceback.format_exc()[-4000:]}


def confine(request: Mapping[str, Any]) -> None:
    """Give up all that reading one file does not need. What the kernel lacks is noted in ``report``.

    ``memory``: bytes of addresses above those taken already; ``own``: of these, those of no file that is only read, when
    much is read through maps; ``seconds`` of processor; ``disk``: bytes of a file; ``reads`` and ``writes``: folders.
    """
    _die_with_parent()
    os.umask(0o077)
    _ACTIVE.clear()
    for folder in request["writes"]:
        os.chdir(folder)
        os.environ["TMPDIR"] = folder
    _limits(int(request["memory"]), int(request.get("own", 0)), float(request["seconds"]), int(request["disk"]))
    _ACTIVE["memory"] = _ACTIVE["time"] = True
    _ACTIVE["network"] = _namespaces()
    _ACTIVE["privileges"] = _libc().prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
    _ACTIVE["disk"] = _landlock([Path(p) for p in request["reads"]], [Path(p) for p in request["writes"]])
    _ACTIVE["calls"] = _seccomp()
    _ACTIVE["network"] = _ACTIVE["network"] or _ACTIVE["calls"]


def report() -> dict[str, bool]:
    """Return which protections are active in this very process."""
    return dict(_ACTIVE)


def misbehave(what: str, where: str = "") -> Any:
    """Try one thing that a hostile file could make a parser do. Asked by the tests and by ``parvis doctor``."""
    return _TRICKS[what](where)


def _disk(where: str) -> dict[str, bool]:
    def can(act: Callable[[], Any]) -> bool:
        try:
            act()
        except OSError:
            return False
        return True

    return {
        "own": can(lambda: Path("mine").write_text("mine")),
        "read": can(lambda: Path(where, "secret").read_text()),
        "write": can(lambda: Path(where, "left").write_text("left")),
        "list": can(lambda: list(Path(where).iterdir())),
        "home": can(lambda: list(Path("/root").iterdir())) or can(lambda: list(Path("/home").iterdir())),
    }


def _reach(where: str) -> dict[str, bool]:
    told = {"network": False, "program": False, "fork": False}
    host, _, port = where.rpartition(":")
    with contextlib.suppress(OSError):
        socket.create_connection((host, int(port)), 2)
        told["network"] = True
    with contextlib.suppress(OSError):
        os.posix_spawn("/bin/true", ["true"], {})
        told["program"] = True
    with contextlib.suppress(OSError):
        if os.fork() == 0:
            os._exit(0)
        told["fork"] = True
    return told


def _recalled(start: str) -> list[str]:
    """Return the digests of what lies anywhere in this process's memory after a few letters: 64 figures."""
    wanted = re.compile(start.encode() + rb"[0-9a-f]{64}")
    found = set()
    with Path("/proc/self/maps").open() as maps, Path("/proc/self/mem").open("rb", buffering=0) as memory:
        for line in list(maps):
            span, rights = line.split()[:2]
            first, last = (int(end, 16) for end in span.split("-"))
            for at in range(first, last, _PIECE) if rights.startswith("r") and "[v" not in line else ():
                with contextlib.suppress(OSError, ValueError, OverflowError):
                    memory.seek(at)
                    piece = memory.read(min(_PIECE, last - at) + 128)
                    found |= {hashlib.sha256(text).hexdigest() for text in wanted.findall(piece)}
    return sorted(found)


def _opened(_: str) -> list[str]:
    out = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            out.append(str(link.readlink()))
    return out


def _refuse(_: str) -> None:
    raise RefusedError("Non, ligne {line}.", line=3)


_TRICKS: Mapping[str, Callable[[str], Any]] = {
    "echo": lambda _: {"said": "é", "numbers": [1, 2.5, None]},
    "refuse": _refuse,
    "bug": lambda _: 1 // 0,
    "abort": lambda _: os.abort(),
    "memory": lambda _: len(bytearray(8 << 30)),
    "sleep": lambda _: signal.pause(),
    "talk": lambda _: "x" * (64 << 20),
    "reach": _reach,
    "disk": _disk,
    "recall": _recalled,
    "descriptors": _opened,
    "environment": lambda _: repr(sorted(os.environ.items())) + Path("/proc/self/environ").read_text(),
}


def _limits(memory: int, own: int, seconds: float, disk: int) -> None:
    with Path("/proc/self/statm").open() as stream:
        told = [int(n) * resource.getpagesize() for n in stream.read().split()]
    wanted = {
        resource.RLIMIT_AS: told[0] + memory,
        resource.RLIMIT_DATA: told[5] + (own or memory),  # the sixth is what is private and may be written
        resource.RLIMIT_CPU: int(seconds * 2) + 1,  # two cores; the clock is watched from outside
        resource.RLIMIT_FSIZE: disk,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    for which, value in wanted.items():
        _, hard = resource.getrlimit(which)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (most, most))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        _libc().prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


def _namespaces() -> bool:
    """Leave the network: a new user namespace gives the right to an empty network namespace."""
    new_user, new_net, new_ipc = 0x10000000, 0x40000000, 0x08000000
    libc = _libc()
    if os.geteuid() == 0 and libc.unshare(new_net | new_ipc) == 0:
        return True
    return bool(libc.unshare(new_user | new_net | new_ipc) == 0)


_READ = 0b1101  # execute, read a file, read a folder (landlock.h: bits 0, 2, 3)
_ALL_FILE = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_ONLY_FOR_FOLDERS = ~0b1111 & ~(1 << 14)  # what a rule on a single file may not ask for


def _landlock(reads: Sequence[Path], writes: Sequence[Path]) -> bool:
    """Close the whole disk but the installed programs, what is read and what is written."""
    libc = _libc()
    create, add, restrict = 444, 445, 446
    version = libc.syscall(create, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    handled = _ALL_FILE[min(version, 3)]
    attributes = struct.pack("=QQ", handled, 0b11 if version >= 4 else 0)  # disk, then TCP bind and connect
    size = 16 if version >= 4 else 8
    ruleset = libc.syscall(create, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        for path in {*_programs(), *reads}:
            _allow(libc, add, ruleset, path, _READ & handled)
        for path in writes:
            _allow(libc, add, ruleset, path, handled)
        return bool(libc.syscall(restrict, ctypes.c_int(ruleset), ctypes.c_uint32(0)) == 0)
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, add: int, ruleset: int, path: Path, access: int) -> None:
    try:
        fd = os.open(path, getattr(os, "O_PATH", 0o10000000) | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not path.is_dir():
            access &= 0b111 | (1 << 14)
        rule = struct.pack("=Qi", access, fd)
        if libc.syscall(add, ctypes.c_int(ruleset), ctypes.c_int(1), rule, ctypes.c_uint32(0)) != 0:
            raise OSError(ctypes.get_errno(), "landlock")
    finally:
        os.close(fd)


def _programs() -> list[Path]:
    """Where Python, its packages and the system's libraries lie, and the few system files that they read."""
    own = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), str(Path(__file__).resolve().parents[2])}
    system = ["/usr", "/lib", "/lib64", "/bin", "/opt", "/etc/ld.so.cache", "/etc/localtime", "/etc/gdal"]
    devices = ["/dev/null", "/dev/urandom", "/dev/zero", "/proc/self", "/proc/meminfo", "/proc/cpuinfo"]
    return [Path(p) for p in (*own, *system, *devices, "/sys/devices/system/cpu", "/sys/fs/cgroup")]


# System calls that reading a file never needs, by architecture: asked for, they answer EPERM.
_FORBIDDEN = {
    "x86_64": {
        "arch": 0xC000003E,
        "clone": 56,
        "clone3": 435,
        # socket, socketpair, bind, connect, listen, accept, accept4, fork, vfork, execve, execveat, kill, tkill,
        # ptrace, process_vm_readv, process_vm_writev, mount, umount2, pivot_root, chroot, setns, unshare, keyctl,
        # add_key, request_key, bpf, perf_event_open, userfaultfd, io_uring_setup, kexec_load, init_module, finit_module,
        # open_by_handle_at, pidfd_open, pidfd_send_signal
        "calls": (41, 53, 49, 42, 50, 43, 288, 57, 58, 59, 322, 62, 200, 101, 310, 311, 165, 166, 155, 161, 308, 272,
                  250, 248, 249, 321, 298, 323, 425, 246, 175, 313, 304, 434, 424),
    },
    "aarch64": {
        "arch": 0xC00000B7,
        "clone": 220,
        "clone3": 435,
        "calls": (198, 199, 200, 203, 201, 202, 242, 221, 281, 129, 130, 117, 270, 271, 40, 39, 41, 51, 268, 97, 219,
                  217, 218, 280, 241, 282, 425, 104, 105, 273, 265, 434, 424),
    },
}  # fmt: skip


def _seccomp() -> bool:
    """Refuse the system calls that start programs, open the network or look into other processes."""
    table = _FORBIDDEN.get(platform.machine())
    if table is None:
        return False
    program = _filter(table)
    buffer = ctypes.create_string_buffer(b"".join(program), len(program) * 8)
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    return bool(_libc().prctl(22, 2, head, 0, 0) == 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def _filter(table: Mapping[str, Any]) -> list[bytes]:
    """Return the classic BPF program: load the call's number, compare, answer (seccomp(2))."""

    def line(code: int, yes: int, no: int, value: int) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    load, equal, greater, bits, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, absent = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
    program = [
        line(load, 0, 0, 4),  # architecture
        line(equal, 1, 0, table["arch"]),
        line(give, 0, 0, refuse),
        line(load, 0, 0, 0),  # number of the call
        line(greater, 0, 1, 0x40000000),  # the x32 way in
        line(give, 0, 0, refuse),
        line(equal, 0, 1, table["clone3"]),
        line(give, 0, 0, absent),  # its flags cannot be seen: the C library then uses clone
    ]
    for call in table["calls"]:
        program += [line(equal, 0, 1, call), line(give, 0, 0, refuse)]
    program += [
        line(equal, 0, 3, table["clone"]),
        line(load, 0, 0, 16),  # its flags: a thread may be made, a process may not
        line(bits, 1, 0, 0x00010000),  # CLONE_THREAD
        line(give, 0, 0, refuse),
        line(give, 0, 0, allow),
    ]
    return program
