"""Class expressions: text in Kea's syntax, read once a revision and made into closures that a packet is given to.

Nothing in here knows a class, a subnet or a handler.  ``compiled`` is the only way in; what it gives is called by
``topology.classes`` for packets, and taken to pieces by ``explained`` for people.
"""
