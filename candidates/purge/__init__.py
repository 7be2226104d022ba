"""The purge job: erases what is due, from the tables and from storage. Nobody watches it.

Its rooms: `job` (the order of a run), `census` (what there is to do, in one query), `clocks`,
`brake` (when a run must not begin), `records` (what an application and an employee comprise, and
how it goes), `batches`, `traces` (what may name a record elsewhere), `proof` with its own
`reader`, and `erase_map`, which says of every field of every table how it goes.
"""

from . import brake, proof
from .census import breaches
from .clocks import shorten_clocks
from .job import Outcome, run
from .moment import database_now
from .traces import forget_expired_cache

__all__ = [
    "Outcome",
    "brake",
    "breaches",
    "database_now",
    "forget_expired_cache",
    "proof",
    "run",
    "shorten_clocks",
]
