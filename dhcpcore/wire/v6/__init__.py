"""DHCPv6 on the wire: the option table.

Nothing here knows DHCPv4, a lease or a subnet.  The validator reads the table; the engine encodes with it.
"""
