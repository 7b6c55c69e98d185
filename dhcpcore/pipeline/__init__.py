"""The pipeline: what one transaction carries, what a handler is, the three phases, reasons and trace.

No IO and no clock; ``engine`` runs it, ``handlers`` fill it.  A handler may end a transaction or send it to another
round by raising one of the signals of ``pipeline.signals``; nothing else steers the flow.
"""
