"""Hook points: where callouts of installed packages and of the site's files look at, change or stop what it does.

The model is Kea's: a status passes from callout to callout, and the server acts on the last one.  ``points`` is the
table of what there is; ``libraries`` loads; ``registry`` calls.  Nothing here decides: pipeline and handlers do.
"""
