"""The doctor's checks: each looks at the patient and yields verdicts, at least one.

Nothing here changes anything, and what is to be known of the machine is asked of ``facts.Machine``.  ``doctor`` has
the table of checks and calls them.
"""
