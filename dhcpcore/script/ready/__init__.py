"""Ready scripts that a conf.py imports from ``lessor_scripts``: statistics, recent activity, a feed, pools, a look-up.

Each is small, keeps what it knows in its own object, and is registered by the conf.py itself.  They run in the script
host, see what any script sees, and escape whatever a client or a log line says.
"""
