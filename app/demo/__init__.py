"""The demonstration: pretend clients behind pretend relays, on loopback, as an ordinary user.

``clients`` is sans-IO, ``fleet`` sends for it, ``site`` is the folder, settings and definitions that the server gets.
The verb ``lessor demo`` joins them; nothing else calls this.
"""
