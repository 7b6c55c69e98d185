"""The benchmark: this server and the DHCP servers that Debian ships, under the same load in the same run.

It is a program of its own that knows the servers from outside only: their commands, their files, their packets. It
imports nothing of `dhcpcore` or `app`, needs nothing but Python's standard library and a C compiler, and nobody imports
it but its tests.
"""
