"""The servers that are measured, one row each in `table.py`, one module for each kind of server.

A module knows how its server is configured, started and asked for its version, and where it keeps its leases; it starts
nothing by itself. `bench.running` is the only caller.
"""
