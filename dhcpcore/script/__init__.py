"""Child processes in which a site's own code runs, and the engine's end of the pipe to each.

The conf.py host is one per engine, with another that stands by; an isolated hook library has one of its own.

``compat`` is what the script sees, under the names that staticDHCPd gave it; ``child`` and its neighbours run inside
the child, ``host`` and ``parameters`` in the engine; ``isolated`` and its neighbours are the libraries' (``hooks``
calls them as it calls any).  The core knows nothing of this folder: it suspends a transaction
with a question (``pipeline.scripted``) and is given the answer.
"""
