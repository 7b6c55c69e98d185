"""DHCPv6 on the wire: the option table, the messages between clients and servers, and the relays around them.

Nothing here knows DHCPv4, a lease or a subnet.  The engine opens and settles datagrams with it; the validator reads the
table.
"""
