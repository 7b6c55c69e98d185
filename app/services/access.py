"""Who asks, and what they may: three roles, each with all rights of the ones below it.

Every service that changes something takes ``by`` and begins with ``by.must_be(...)``; pages, REST and the command line
only say who it is.
"""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from dhcpcore.errors import Forbidden


class Role(IntEnum):
    """What somebody may; a higher one may all that a lower one may."""

    VIEWER = 1  #: See everything but secrets.
    OPERATOR = 2  #: Assignments and leases.
    ADMIN = 3  #: Definitions, accounts, the engine.

    @property
    def word(self) -> str:
        """As people, REST and the command line write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks: a user's session, a token, or whoever has a terminal on this machine."""

    name: str  #: For the audit.
    role: Role
    how: Literal["session", "token", "terminal", "demo", "digest"]

    def must_be(self, role: Role) -> None:
        """Raises ``Forbidden`` where the role is too low."""
        if self.role < role:
            raise Forbidden(f"This needs the role {role.word}; {self.name} has the role {self.role.word}.")


def terminal() -> Principal:
    """Whoever types at this machine: who can read the database's files may everything."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):
        name = f"uid {os.getuid()}"
    return Principal(name, Role.ADMIN, "terminal")
