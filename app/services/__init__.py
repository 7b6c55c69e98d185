"""What a user can do, whoever asks: the command line, pages and REST call these and nothing below.

No HTTP is known here and no SQL is written here; every change goes through the one validator.  Errors are those of
``dhcpcore.errors``, in words.
"""
