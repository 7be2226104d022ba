"""Certificates of deletion: what was erased, when and by which rule, signed, without a person.

A certificate is made from a sealed and proven line of the ledger, whenever somebody asks for it;
none is kept. Who has one can check it at `/verify/`, or without us by the public key.
"""

from .post import order, send_due
from .statement import Certificate, NotACertificate, NotProven, compose, public_key, verify

__all__ = [
    "Certificate",
    "NotACertificate",
    "NotProven",
    "compose",
    "order",
    "public_key",
    "send_due",
    "verify",
]
