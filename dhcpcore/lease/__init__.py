"""Leases as values: states, lifetimes, allocation, and the rows and wants that cross to the store.

Pure functions and values; no SQL, no socket, no clock: ``now`` is always an argument, in seconds of database time.
The handlers decide with it; the store reads and writes its values; the web shows them.
"""
