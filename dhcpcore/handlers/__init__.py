"""Built-in handlers: one concern a file, both families in the same file, none importing another.

They decide with ``lease`` and ``topology`` on what the bundle carries, and raise the signals of the pipeline; they do
no IO.  The lists of them, in order, are ``dhcpcore.builtin`` for DHCPv4 and ``dhcpcore.builtin6`` for DHCPv6.
"""
