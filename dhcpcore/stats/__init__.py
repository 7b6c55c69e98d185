"""Counters of the engine: by message type, reason and subnet.

Plain numbers that only rise; no clock and no IO.  The engine counts, control and web read.
"""
