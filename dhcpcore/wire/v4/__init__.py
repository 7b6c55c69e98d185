"""DHCPv4 on the wire: the option table, the options field (RFC 3396), the message.

Nothing here knows DHCPv6, a lease or a subnet.  The engine opens and settles datagrams with it; the validator reads
the table.
"""
