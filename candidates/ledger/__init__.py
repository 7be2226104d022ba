"""The record of deletions: what went when and by which rule, without a word about whom.

A line is written in the transaction that deletes (`append`), numbered and chained by the sealer
(`seal`), and copied to storage for good (`copy`). `verify` reads all of it; `behind` tells a
database that was restored from a backup, and `replay` makes up for that.
"""

from .checking import check, keep
from .copies import (
    Behind,
    CopyDiffers,
    LedgerBehind,
    behind,
    copy,
    raise_if_behind,
    refuse_if_behind,
)
from .exporting import as_csv, as_json, from_storage
from .faults import Fault
from .keys import hashes, keyed_hash
from .replaying import NotReplayed, Replayed, replay
from .sealing import seal, uncopied_since, unsealed_since
from .verifying import Verified, verify, verify_file
from .writing import Deletion, append

__all__ = [
    "Behind",
    "CopyDiffers",
    "Deletion",
    "Fault",
    "LedgerBehind",
    "NotReplayed",
    "Replayed",
    "Verified",
    "append",
    "as_csv",
    "as_json",
    "behind",
    "check",
    "copy",
    "from_storage",
    "hashes",
    "keep",
    "keyed_hash",
    "raise_if_behind",
    "refuse_if_behind",
    "replay",
    "seal",
    "uncopied_since",
    "unsealed_since",
    "verify",
    "verify_file",
]
