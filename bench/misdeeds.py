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
import os, time

def {hook}(handle):
    if handle.getArgument("query4").hw_address == "{culprit}":
        {deed}
"""
_PACKAGE = '''
import os, stat, time

from dhcpcore.pipeline.api import Handler, HandlerFactory

LEAK = []


def is_socket(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False


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
    isolated: bool = False  #: Whether the library, and the package's handler, have a process of their own.
    scoped: bool = False  #: Whether the handler has to do with the culprit's messages alone.


def _script(name: str, what: str, deed: str, *, load: bool = False, more: str = "") -> Misdeed:
    call = "misbehave(mac)"
    conf = _CONF.format(deed=deed, at_filter="pass" if load else call) + (_LOAD.format(at_load=call) if load else "")
    return Misdeed(name, what, conf=conf + more)


def _callout(name: str, what: str, deed: str, hook: str = "pkt4_receive", *, isolated: bool = False) -> Misdeed:
    return Misdeed(name, what, library=_LIBRARY.format(hook=hook, culprit=CULPRIT, deed=deed), isolated=isolated)


def _handler(name: str, what: str, deed: str, *, isolated: bool = False, scoped: bool = False) -> Misdeed:
    return Misdeed(name, what, package=_PACKAGE.format(culprit=CULPRIT, deed=deed), isolated=isolated, scoped=scoped)


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
    _handler("handler-sleeps", "a package's handler sleeps 10 s", "time.sleep(10)"),
    _handler("handler-loops", "a package's handler loops", "exec('while True: pass')"),
    _callout("isolated-callout", "an isolated callout does nothing wrong", "pass", isolated=True),
    _callout("isolated-callout-sleeps", "an isolated callout sleeps 10 s", "time.sleep(10)", isolated=True),
    _callout("isolated-callout-exits", "an isolated callout calls os._exit", "os._exit(3)", isolated=True),
    _handler("isolated-handler", "an isolated handler of all messages does nothing wrong", "pass", isolated=True),
    _handler("isolated-sleeps", "an isolated handler of its messages alone sleeps 10 s", "time.sleep(10)",
             isolated=True, scoped=True),
    _handler("isolated-loops", "an isolated handler of its messages alone loops", "exec('while True: pass')",
             isolated=True, scoped=True),
    _handler("isolated-exits", "an isolated handler of its messages alone calls os._exit", "os._exit(3)",
             isolated=True, scoped=True),
    _handler("isolated-leaks", "an isolated handler of its messages alone takes memory up to the limit",
             "exec('while True: LEAK.append(bytearray(1 << 20))')", isolated=True, scoped=True),
    _handler("isolated-breaks-pipe", "an isolated handler of its messages alone writes into the pipe",
             "[os.write(fd, b'x' * 65536) for fd in range(3, 64) if is_socket(fd)]", isolated=True, scoped=True),
    _handler("isolated-all-sleeps", "an isolated handler of all messages sleeps 10 s", "time.sleep(10)", isolated=True),
)  # fmt: skip
