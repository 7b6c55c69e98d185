"""The DHCP engine and everything it stands on.

Bytes, leases, the pipeline, the store and the sockets live here; the web does not: nothing in this package imports
``app`` or Flask.  ``python -m dhcpcore`` runs the engine; the web process uses only ``store``, ``control``,
``interchange``, ``topology``, ``lease``, ``stats`` and ``wire``.
"""

from dhcpcore import compiled

#: The modules of this package that run compiled here.
COMPILED = compiled.install()
