"""Bytes to values and back: addresses, names, option values and their tables; one folder for each family's messages.

Nothing here knows a lease, a subnet or a socket.  The validator, the engine, the store's edges and the command line
call it; broken bytes raise ``MalformedMessage``, a wrong value that somebody wrote raises ``InvalidValue``.
"""
