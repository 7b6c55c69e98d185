"""Root only to open sockets; then, for good, the account that owns the state folder; then handlers are loaded."""

from __future__ import annotations

import contextlib
import ctypes
import grp
import logging
import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dhcpcore.errors import SettingsError
from dhcpcore.settings import Settings

log = logging.getLogger(__name__)

#: The account that a package or the install verb makes.
ACCOUNT = "lessor"
#: linux/prctl.h and linux/capability.h.
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
_CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the process becomes."""

    uid: int
    gid: int
    name: str


def target(settings: Settings) -> Account | None:
    """Whom to become: ``user``, else the owner of ``state_dir``, else the account `lessor`; None: nobody else."""
    if os.geteuid() != 0:
        return None
    if settings.user is not None:
        try:
            entry = pwd.getpwnam(settings.user)
        except KeyError:
            raise SettingsError(f"user: there is no account {settings.user!r}; make it or name another") from None
    else:
        owner = settings.state_dir.stat().st_uid if settings.state_dir.exists() else 0
        try:
            entry = pwd.getpwuid(owner) if owner else pwd.getpwnam(ACCOUNT)
        except KeyError:
            return None if owner == 0 else Account(owner, settings.state_dir.stat().st_gid, str(owner))
    gid = entry.pw_gid
    if settings.group is not None:
        try:
            gid = grp.getgrnam(settings.group).gr_gid
        except KeyError:
            raise SettingsError(f"group: there is no group {settings.group!r}; make it or name another") from None
    return None if entry.pw_uid == 0 else Account(entry.pw_uid, gid, entry.pw_name)


def hand_over(account: Account, paths: Iterable[Path]) -> None:
    """Give files and folders that root made to the account that will write them.

    That account may have put links there, and may exchange a file for one at any moment: none is followed, and no file
    is handed over that has another name elsewhere. What lies in a folder and is not itself among ``paths`` is left as
    it is where root may not give it away.

    Raises SettingsError where one of ``paths`` cannot be given.
    """
    needed = tuple(paths)
    for path in needed:
        for entry in (path, *(path.iterdir() if path.is_dir() and not path.is_symlink() else ())):
            with contextlib.suppress(FileNotFoundError):
                found = entry.lstat()
                alone = stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1)
                if found.st_uid == 0 and alone:
                    try:
                        os.chown(entry, account.uid, account.gid, follow_symlinks=False)
                    except PermissionError:  # A container's root without the capability CHOWN.
                        if entry not in needed:
                            continue
                        raise SettingsError(
                            f"state_dir: {entry} is root's, and this root may not give it to {account.name}; outside, "
                            f"as root: chown -R {account.uid}:{account.gid} that folder"
                        ) from None


def require_readable(account: Account) -> None:
    """Say so where the account cannot read Python or Lessor: else some import fails, later and in other words."""
    for path in (os.__file__, __file__):
        if not os.access(path, os.R_OK):
            raise SettingsError(
                f"user: the engine becomes {account.name}, and {account.name} cannot read {path}; put Lessor and its "
                "Python where that account can read them (LESSOR_PYTHON names another Python), or set `user`"
            )


def drop(account: Account | None) -> None:
    """Become the account, with no way back; a loud word where there is none to become.

    Started as another account, with the capabilities to open the sockets (a systemd unit), these are given up.
    """
    if os.geteuid() != 0:
        forget()
        return
    if account is None:
        log.warning(
            "STILL-ROOT: the engine stays root, as state_dir is root's and there is no account %s; make that account, "
            "or set `user`.",
            ACCOUNT,
        )
        return
    os.setgroups([account.gid])
    os.setgid(account.gid)
    os.setuid(account.uid)
    require_readable(account)
    log.info("Running as %s from here on; the sockets are open.", account.name)


def forget() -> None:
    """Give up every capability of this process and of what it may start; more can never be had again."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    for word in ((_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)):
        libc.prctl(*map(ctypes.c_ulong, word))
    if libc.capset(header, nothing):
        why = os.strerror(ctypes.get_errno())
        log.warning("STILL-CAPABLE: the engine could not give up its capabilities: %s.", why)
