"""The process settings: what must be known before the database is opened.

Everything else lives in SQL and is changed by ``lessor apply``.  Nothing here opens a database or a socket; every
process of the appliance calls ``load`` once, at its start.
"""

from dhcpcore.settings.layers import Loaded, as_environment, load
from dhcpcore.settings.model import Described, Settings, described

__all__ = ["Described", "Loaded", "Settings", "as_environment", "described", "load"]
