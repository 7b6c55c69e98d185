"""The conf.py host: one child process per engine in which a site's script runs, and the engine's end of the pipe to it.

``compat`` is what the script sees, under the names that staticDHCPd gave it; ``child`` and its neighbours run inside
the child, ``host`` and ``parameters`` in the engine.  The core knows nothing of this folder: it suspends a transaction
with a question (``pipeline.scripted``) and is given the answer.
"""
