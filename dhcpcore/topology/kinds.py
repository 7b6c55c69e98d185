"""What a pool can hold and a lease can be of, what an assignment knows its client by, the endless lifetime, and TLS."""

from __future__ import annotations

import enum
from typing import Literal

KIND_ADDRESS4 = 4
KIND_ADDRESS6 = 6
KIND_PREFIX6 = 8

#: The lifetime that means "for ever" on the wire.  RFC 2131 3.3.
INFINITE_LIFETIME_S = 0xFFFF_FFFF
#: No offer is kept longer.
OFFER_HOLD_S_MAX = 3600
#: How leasequery by TCP has it with TLS.
Tls = Literal["off", "allowed", "required"]


class Identifier(enum.IntEnum):
    """What an assignment knows its client by.  The numbers are stored."""

    HW_ADDRESS = 1  #: Hardware type (one byte) and address.
    CLIENT_ID = 2
    CIRCUIT_ID = 3
    REMOTE_ID = 4
    DUID = 5
    FLEX = 6
