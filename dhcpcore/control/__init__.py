"""The channel between engine and web: verbs as rows, JSON lines with limits, one Unix socket with peer credentials.

Nothing here reads a table or a packet; the engine's side hands in an ``EngineFace``.  ``net`` polls the server, and the
web, the command line and the doctor call the client.
"""

from dhcpcore.control.client import ControlClient, ControlRefused, EngineAway
from dhcpcore.control.dispatch import Dispatch
from dhcpcore.control.face import NO_SUBNET, EngineFace
from dhcpcore.control.server import ControlServer
from dhcpcore.control.verbs import VERBS, Role, Verb

__all__ = [
    "NO_SUBNET",
    "VERBS",
    "ControlClient",
    "ControlRefused",
    "ControlServer",
    "Dispatch",
    "EngineAway",
    "EngineFace",
    "Role",
    "Verb",
]
