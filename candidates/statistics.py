"""What is left of erased applications: numbers, with nobody in them."""

from collections.abc import Iterable
from uuid import UUID


def count_out(applications: Iterable[UUID]) -> None:
    """Add applications up, in the transaction that deletes them, before they go."""
