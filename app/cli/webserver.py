"""How the web process is started: gunicorn, its flags, whom it runs as, and what it is refused for."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import stat
import sys
import tempfile
import zlib
from pathlib import Path

from app.cli.output import note
from app.services import certificate
from app.services.appliance import Appliance
from app.services.facts import is_private_to_machine
from dhcpcore.errors import Refused
from dhcpcore.settings import Settings, as_environment

#: Two processes, so that one slow answer in C holds up half; threads for browsers that keep connections open, of which
#: 24 a process may be streams that never end.
WORKERS, THREADS = 2, 64
ACCOUNT = "lessor"
_PRIVILEGED_PORTS = 1024


def check(settings: Settings) -> list[str]:
    """Refuse what would show passwords to strangers or cannot be bound; otherwise what there is to say."""
    web, said = settings.web, []
    if not is_private_to_machine(web.host) and web.tls == "off":
        if not web.unprotected:
            raise Refused(
                f"web.bind is {web.bind}, which others can reach, and web.tls is off: everybody on the way reads what "
                'is sent, passwords included. Say web.tls = "self-made" (LESSOR_WEB__TLS=self-made), or bind to '
                "127.0.0.1 and come by SSH (ssh -L 8067:127.0.0.1:8067 HOST), or say web.unprotected = true "
                "(LESSOR_WEB__UNPROTECTED=true) where something else encrypts.")
        said.append(f"warning: the pages at http://{web.bind}/ are not encrypted: everybody on the way reads what is "
                    "sent, passwords included.")
    require_free(web.host, web.port, "web.bind")
    if os.geteuid() == 0 and account(settings) is None:
        said.append(f"warning: the web process stays root, as state_dir is root's and there is no account {ACCOUNT}; "
                    "make that account, or set user.")
    return said


def address(settings: Settings) -> str:
    """Where the pages are."""
    return f"{'http' if settings.web.tls == 'off' else 'https'}://{settings.web.bind}/"


def tell_first_password(appliance: Appliance, *, must_change: bool = True) -> None:
    """At the first start of all: make an administrator and print the password, this one time."""
    from app.services import accounts

    made = accounts.first_admin(appliance, must_change=must_change)
    if made is not None:
        note(f"First start: log in as {made.user.name} with the password {made.password}\n"
             "It is shown this one time" + (" and must be changed at the first log-in." if must_change else ".") +
             f" A lost one: lessor user password {made.user.name}")


def require_free(host: str, port: int, setting: str) -> None:
    """Refuse a TCP address that cannot be listened on, and say who has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(f"{setting}: {host} port {port} cannot be opened: {error.strerror}. Stop what has it "
                          f"(ss -ltnp 'sport = :{port}' names it), or choose another port.") from None


def environment(settings: Settings) -> dict[str, str]:
    """The settings as variables: the account that the web process becomes may not read root's settings file."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("LESSOR_")},
            **as_environment(settings), "PROMETHEUS_MULTIPROC_DIR": str(_folder_of_counts(settings))}


def becomes(settings: Settings) -> tuple[int, int] | None:
    """Whom the whole web process becomes before it starts; None: it stays who it is, or gunicorn's workers change."""
    return account(settings) if os.geteuid() == 0 and settings.web.port >= _PRIVILEGED_PORTS else None


def command(settings: Settings) -> list[str]:
    """The command line of gunicorn with our application."""
    flags = ["--bind", settings.web.bind, "--worker-class", "gthread", "--workers", str(WORKERS),
             "--threads", str(THREADS), "--graceful-timeout", "5", "--no-control-socket",
             "--config", "python:app.cli.gunicorn_hooks",
             "--limit-request-line", "4094", "--limit-request-fields", "64", "--log-level", "warning"]
    # gunicorn would believe a local client that it came over TLS; only web.proxies says whom to believe.
    flags += ["--forwarded-allow-ips", ""]
    pair = certificate.ensure(settings, account(settings))
    if pair is not None:
        flags += ["--certfile", str(pair.certificate), "--keyfile", str(pair.key)]
        if pair.fingerprint is not None:
            note(f"The certificate of the pages is made; its SHA-256 fingerprint is {pair.fingerprint}")
    memory = _memory()  # For gunicorn's heart beat.
    if memory is not None:
        flags += ["--worker-tmp-dir", str(memory)]
    if os.geteuid() == 0 and becomes(settings) is None:
        whom = account(settings)
        if whom is not None:
            flags += ["--user", str(whom[0]), "--group", str(whom[1])]
    return [sys.executable, "-m", "gunicorn", *flags, "app.wsgi:application()"]


def _memory() -> Path | None:
    """A folder in memory: what is written there waits for no disk, and a full disk does not stop it."""
    memory = Path("/dev/shm")  # noqa: S108 - what is made there has a name of its own
    return memory if os.access(memory, os.W_OK | os.X_OK) else None


def _folder_of_counts(settings: Settings) -> Path:
    """Where the workers keep their counts for /metrics: nothing else may be in it, and nothing of a former start."""
    root = os.geteuid() == 0
    owner = (account(settings) or (0, 0)) if root else (os.geteuid(), os.getegid())
    base = _memory() or Path(tempfile.gettempdir())
    place = zlib.crc32(os.fsencode(settings.state_dir))
    folder = base / f"lessor-web-{owner[0]}-{settings.web.port}-{place:08x}"
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), owner[0]}:
            folder = Path(tempfile.mkdtemp(prefix="lessor-web-", dir=base))  # Somebody else was there before us.
        for left in folder.glob("*.db"):
            left.unlink()
    if root:
        os.chown(folder, *owner)
    return folder


def account(settings: Settings) -> tuple[int, int] | None:
    """Whom the workers become when root starts them: as the engine, so that both reach the database."""
    try:
        if settings.user is not None:
            entry = pwd.getpwnam(settings.user)
            found = entry.pw_uid, entry.pw_gid
        else:
            status = settings.state_dir.stat() if settings.state_dir.exists() else None
            if status is not None and status.st_uid:
                found = status.st_uid, status.st_gid
            else:
                entry = pwd.getpwnam(ACCOUNT)
                found = entry.pw_uid, entry.pw_gid
        if settings.group is not None:
            found = found[0], grp.getgrnam(settings.group).gr_gid
    except KeyError:
        if settings.user is None and settings.group is None:
            return None
        raise Refused(f"There is no account {settings.user or ACCOUNT} or no group {settings.group or ''} here. "
                      "Correct the settings user and group.") from None
    return found if found[0] else None
