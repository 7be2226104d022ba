"""What runs in a bounded process: each function is a step. Knows nothing of Django or of us.

A step is given the folder that it works in, which has the file as `in`. It leaves what it makes
beside it and returns a small answer. It raises `Unreadable` if the file is at fault.
"""


class Unreadable(Exception):
    """The file cannot be read, whatever is tried."""
