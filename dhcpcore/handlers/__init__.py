"""Built-in handlers: one concern a file, both families in the same file, none importing another.

They decide with ``lease`` and ``topology`` on what the bundle carries, and raise the signals of the pipeline; they do
no IO.  ``dhcpcore.builtin`` is the one list of them, in order.
"""
