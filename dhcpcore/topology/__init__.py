"""What the administrator declared, as immutable values: subnets, pools, options, the Snapshot, and the one validator.

No lease and no SQL here; the store loads the rows, this folder says what they mean and whether they are right.  The
engine decides on a Snapshot; web, REST, command line and import all go through the validator.
"""
