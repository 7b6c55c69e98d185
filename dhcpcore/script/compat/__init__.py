"""The names that a conf.py sees: staticDHCPd's and libpydhcpserver's, written anew from what their manuals promise.

No module here knows the engine, the pipe or a socket; what a script does to a packet is read off the packet afterwards.
``namespace`` puts these modules under the names that scripts import them by.
"""
