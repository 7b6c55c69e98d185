"""The engine's own identity: a DUID kept in ``state_dir``, so that it stays the same whatever else changes."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from dhcpcore.errors import SettingsError

#: The file's name in ``state_dir``.
IDENTITY = "server-duid"
#: DUID-UUID.  RFC 6355 4.
_TYPE = b"\0\x04"


def server_duid(state_dir: Path) -> bytes:
    """The DUID of this engine; made at its first start, written whole or not at all."""
    path = state_dir / IDENTITY
    try:
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        duid = _TYPE + uuid.uuid4().bytes
        draft = path.with_suffix(f".{os.getpid()}")
        with draft.open("w", encoding="ascii") as file:
            file.write(duid.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())  # Else a loss of power may leave the name without the content.
        draft.rename(path)
        return duid
    try:
        duid = bytes.fromhex(text)
    except ValueError:
        duid = b""
    if not 3 <= len(duid) <= 130:
        raise SettingsError(f"{path} holds no DUID in hex; restore it from a backup, or remove it for a new identity")
    return duid
