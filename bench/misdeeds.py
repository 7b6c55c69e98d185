"""What site code may do wrong about one client, and nothing about any other: the rows of ``bench.misbehaving``."""

from dataclasses import dataclass

#: The client that the misdeed is about; no other one's hardware address ends so.
CULPRIT = "02:66:00:00:00:ff"

_CONF = """
import os, stat, sys, time

LEAK = []

def is_socket(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False

def misbehave(mac):
    if mac[5] == 0xff and mac[1] == 0x66:
        {deed}

def filterPacket(packet, method, mac, client_ip, relay_ip, port):
    {at_filter}
    return True
"""
_LOAD = """
def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
    {at_load}
    return True
"""
_TICK = """
def init():
    callbacks.{register}(lambda *a: time.sleep(10))
"""
_LIBRARY = """
import time

def {hook}(handle):
    if handle.getArgument("query4").hw_address == "{culprit}":
        {deed}
"""
_PACKAGE = '''
import time

from dhcpcore.pipeline.api import Handler, HandlerFactory


class Misbehaving(Handler):
    def handle(self, bundle):
        if bundle.request.hw_address == "{culprit}":
            {deed}


class Factory(HandlerFactory):
    """Misbehaves."""

    def create(self):
        return Misbehaving()
'''


@dataclass(frozen=True, slots=True)
class Misdeed:
    """One row: a conf.py, a hook library, or a package with a handler type ``misbehaving``."""

    name: str
    what: str
    conf: str = ""
    library: str = ""
    package: str = ""
    culprits: tuple[str, ...] = (CULPRIT,)  #: Who asks, in turn, every ``period_s`` seconds.
    period_s: float = 1.0


def _script(name: str, what: str, deed: str, *, load: bool = False, more: str = "") -> Misdeed:
    call = "misbehave(mac)"
    conf = _CONF.format(deed=deed, at_filter="pass" if load else call) + (_LOAD.format(at_load=call) if load else "")
    return Misdeed(name, what, conf=conf + more)


def _callout(name: str, what: str, deed: str, hook: str = "pkt4_receive") -> Misdeed:
    return Misdeed(name, what, library=_LIBRARY.format(hook=hook, culprit=CULPRIT, deed=deed))


_STUBBORN = "exec('while True:\\n try: time.sleep(10)\\n except Exception: pass')"

MISDEEDS = (
    Misdeed("none", "no script, no callout, no handler"),
    _script("script", "filterPacket and loadDHCPPacket do nothing wrong", "pass", load=True),
    _script("filter-sleeps", "filterPacket sleeps 10 s", "time.sleep(10)"),
    _script("load-sleeps", "loadDHCPPacket sleeps 10 s", "time.sleep(10)", load=True),
    _script("filter-loops", "filterPacket loops", "exec('while True: pass')"),
    _script("filter-exits", "filterPacket calls os._exit", "os._exit(3)"),
    _script("filter-leaks", "filterPacket takes memory up to the limit",
            "exec('while True: LEAK.append(bytearray(1 << 20))')"),
    _script("filter-breaks-pipe", "filterPacket writes into the pipe",
            "[os.write(fd, b'x' * 65536) for fd in range(3, 64) if is_socket(fd)]"),
    _script("filter-prints", "filterPacket prints without end", "exec('while True: print(1)')"),
    _script("filter-logs", "filterPacket logs without end", "exec('while True: logger.warning(1)')"),
    _script("tick-sleeps", "a tick handler sleeps 10 s", "pass",
            more=_TICK.format(register="systemAddTickHandler")),
    _script("statistics-sleep", "a statistics handler sleeps 10 s", "pass",
            more=_TICK.format(register="statsAddHandler")),
    _callout("callout", "a callout does nothing wrong", "pass"),
    _callout("callout-sleeps", "a callout sleeps 10 s", "time.sleep(10)"),
    _callout("callout-stays", "a callout sleeps 10 s again whatever is raised", _STUBBORN),
    _callout("sender-sleeps", "a callout at pkt4_send sleeps 10 s", "time.sleep(10)", hook="pkt4_send"),
    Misdeed("handler-sleeps", "a package's handler sleeps 10 s",
            package=_PACKAGE.format(culprit=CULPRIT, deed="time.sleep(10)")),
    Misdeed("handler-loops", "a package's handler loops",
            package=_PACKAGE.format(culprit=CULPRIT, deed="exec('while True: pass')")),
)  # fmt: skip
