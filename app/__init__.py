"""What people and programs use: the command line, and the web pages and REST over the same services.

It sees the engine only through dhcpcore's store, its control channel and plain values. The engine never imports it.
"""
