"""Sockets, interfaces, the clock, privileges, and the loop that drives the engine with them.

The only part of the core that waits, reads a clock or touches the network.  What a packet means is decided in
``engine`` and below; what is stored, in ``store``.
"""
