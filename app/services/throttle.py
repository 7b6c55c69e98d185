"""How often somebody may be wrong: failed log-ins are counted by account and by address, and each costs a longer wait.

The counts live in SQL, so that every web process knows them.  An attempt counts as failed before its password is
looked at: a hundred at the same time are a hundred.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from dhcpcore.errors import Refused
from dhcpcore.store import login_failures
from dhcpcore.store.database import Database
from dhcpcore.store.login_failures import Rule, Subject

#: So many are free; each further one waits twice as long as the one before, up to the longest.  An account's longest
#: wait is short, because a stranger can bring it upon its owner.
ACCOUNT_FREE, ACCOUNT_S_MAX = 5, 300
ADDRESS_FREE, ADDRESS_S_MAX = 20, 900
#: Failures are forgotten so long after the last one; behind one address may be a whole office that mistypes.
ACCOUNT_FORGET_S, ADDRESS_FORGET_S = 24 * 3600, 3600
_STEPS_MAX = 16


class TooManyAttempts(Refused):
    """Too many wrong passwords; ``seconds`` says how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many wrong passwords: wait {waiting(seconds)} and try again.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that is counted as failed until it has succeeded."""

    database: Database
    subjects: tuple[Subject, ...]

    @classmethod
    def begin(cls, database: Database, account: str, address: str, now: int) -> Attempt:
        """Count it.  Raises ``TooManyAttempts``.  An empty ``address`` is not counted."""
        counted: list[tuple[Subject, Rule]] = []
        if address:
            counted.append((("address", network_of(address)), Rule(address_pause, ADDRESS_FORGET_S)))
        counted.append((("account", account), Rule(account_pause, ACCOUNT_FORGET_S)))
        with database.writer(durable=False) as connection:
            login_failures.sweep(connection, now - 2 * ACCOUNT_FORGET_S)
            wait = login_failures.begin(connection, counted, now)
        if wait:
            raise TooManyAttempts(wait)
        return cls(database, tuple(subject for subject, _ in counted))

    def succeeded(self) -> None:
        """Forget the account's failures; of the address only this attempt: others may guess from there, too."""
        with self.database.writer(durable=False) as connection:
            for subject in self.subjects:
                if subject[0] == "account":
                    login_failures.forgive(connection, subject)
                else:
                    login_failures.take_back(connection, subject)


def account_pause(failures: int) -> int:
    """Seconds that an account waits after so many failures."""
    return _pause(failures, ACCOUNT_FREE, ACCOUNT_S_MAX)


def address_pause(failures: int) -> int:
    """Seconds that an address waits after so many failures."""
    return _pause(failures, ADDRESS_FREE, ADDRESS_S_MAX)


def network_of(address: str) -> str:
    """Whose address it is: one IPv4 address, or the /64 of an IPv6 one, which its owner fills as he likes."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def waiting(seconds: int) -> str:
    """A wait in words."""
    if seconds < 60:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    minutes = -(-seconds // 60)
    return f"{minutes} minute{'s' if minutes != 1 else ''}"


def _pause(failures: int, free: int, longest: int) -> int:
    over = failures - free
    return 0 if over < 0 else min(longest, 2 ** min(over, _STEPS_MAX))
