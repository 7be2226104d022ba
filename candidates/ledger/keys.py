"""Keyed hashes: what a line has of a record, which nobody can turn back without the key."""

import hmac
from uuid import UUID

from django.conf import settings


def keyed_hash(record: UUID) -> str:
    """Return the HMAC-SHA-256 of a record's id in hex: 64 characters, the same on each call."""
    return _hash(record, settings.ATS_LEDGER_KEY)


def hashes(record: UUID) -> list[str]:
    """Return what lines may have of a record: under the key, and under each former one."""
    return [_hash(record, key) for key in all_keys()]


def all_keys() -> list[str]:
    """Return the key, then the former ones."""
    former = (key.strip() for key in settings.ATS_FORMER_LEDGER_KEYS)
    return [settings.ATS_LEDGER_KEY, *filter(None, former)]


def _hash(record: UUID, key: str) -> str:
    return hmac.digest(key.encode(), record.bytes, "sha256").hex()
