"""The command line: thin click verbs over the services, one module a verb, listed in `verbs.py`.

No rule of the domain lives here, and no SQL. `python -m app.cli`, the launcher and the installed command call it.
"""
