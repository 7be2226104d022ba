"""The record of deletions: what went when and by which rule, without a word about whom."""

from .keys import hashes, keyed_hash
from .writing import Deletion, append

__all__ = ["Deletion", "append", "hashes", "keyed_hash"]
