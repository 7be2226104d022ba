"""What runs in a bounded process: each function is a step. Knows nothing of Django or of us.

A step is given the folder that it works in, which has the file as `in`. It leaves what it makes
beside it and returns a small answer. It raises `Unreadable` if the file is at fault.
"""

#: How a step's process ends that has understood that it cannot do it, or must not here.
UNREADABLE, NO_MEMORY, NOT_OFFLINE = 11, 12, 13


class Unreadable(Exception):
    """The file cannot be read, whatever is tried."""
