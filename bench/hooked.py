"""A hook library of four trivial callouts, which count their calls: what a callout costs by itself."""

# ruff: noqa: ARG001 - A callout is given its handle, whether it looks at it or not.

from dhcpcore.hooks.handle import CalloutHandle
from dhcpcore.hooks.libraries import LibraryHandle

CALLS = {"pkt4_receive": 0, "subnet4_select": 0, "leases4_committed": 0, "pkt4_send": 0}


def load(handle: LibraryHandle) -> None:
    """A command tells the counts."""
    handle.registerCommandCallout("calls-get", calls_get)


def pkt4_receive(handle: CalloutHandle) -> None:
    """Once a message."""
    CALLS["pkt4_receive"] += 1


def subnet4_select(handle: CalloutHandle) -> None:
    """Once a message of a link."""
    CALLS["subnet4_select"] += 1


def leases4_committed(handle: CalloutHandle) -> None:
    """Once a REQUEST, RELEASE or DECLINE."""
    CALLS["leases4_committed"] += 1


def pkt4_send(handle: CalloutHandle) -> None:
    """Once an answer."""
    CALLS["pkt4_send"] += 1


def calls_get(handle: CalloutHandle) -> None:
    """How often each was called."""
    handle.setArgument("response", dict(CALLS))
