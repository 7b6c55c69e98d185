"""Codecs: the shapes of option payloads, shared by the rows of both families' tables.

A shape knows octets and plain values, and neither codes nor messages; what is said by one option only is in
``special``.  The tables and the administrator's definitions are made of them.
"""
