"""The statement of a certificate, its signature, and reading both again."""

import json
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from functools import cache
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.utils.translation import gettext as _

from candidates.models import LedgerLine

#: What a certificate says of itself; a later form would say another.
FORM = "Halbjahr certificate of deletion 1"
#: The places in which the independent reader looked: see `purge.proof`.
CHECKED = "database, storage, sessions, job queue"
#: A certificate is far shorter; what is longer is not read at all.
LONGEST = 10_000
#: The letters of a signature beside the statement.
SIGNATURE = "signature"


class NotProven(Exception):
    """The line has no place in the chain yet, or nobody has confirmed that nothing is left."""


class NotACertificate(Exception):
    """What was shown is no certificate of ours. Its text says to a person what is wrong."""


@dataclass(frozen=True)
class Certificate:
    """What is certified: the content of one line of the ledger, and of its proof.

    `record` is the keyed hash of the erased record's id: a name for it that names nobody.
    """

    form: str
    controller: str
    #: The line's number in the ledger, and its hash, which stands in the chain.
    line: int
    hash: str
    kind: str
    record: str
    rule: str
    erased_on: date
    #: Rows of the database and objects in storage.
    rows: int
    objects: int
    proven_on: date
    checked: str
    #: The last day on which a backup may still hold it.
    backups_until: date
    policy: str

    def json(self) -> str:
        """Return the statement with its signature, as a file."""
        return json.dumps(self._with_signature(), ensure_ascii=False, indent=2) + "\n"

    def code(self) -> str:
        """Return the same in base64: letters that survive any line break of a printed page."""
        return b64encode(json.dumps(self._with_signature()).encode()).decode()

    def _with_signature(self) -> dict[str, Any]:
        """Return the statement and its signature: Ed25519 over `signed`, in base64."""
        return self._plain() | {SIGNATURE: b64encode(_signing_key().sign(self.signed)).decode()}

    @property
    def signed(self) -> bytes:
        """The bytes that are signed: JSON in ASCII, keys in order, no space."""
        return json.dumps(self._plain(), sort_keys=True, separators=(",", ":")).encode()

    @property
    def kind_words(self) -> str:
        return str(LedgerLine.Kind(self.kind).label)

    @property
    def rule_words(self) -> str:
        return str(LedgerLine.Rule(self.rule).label)

    @property
    def record_words(self) -> str:
        """The first letters of the record's hash, as the ledger's page shows them."""
        return f"{self.record[:4]} {self.record[4:8]}"

    @property
    def stands_in_ledger(self) -> bool:
        """Whether this line of the ledger still says the same."""
        return LedgerLine.objects.filter(sequence=self.line, hash=self.hash).exists()

    def _plain(self) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def _from_plain(cls, plain: dict[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError for what `_plain` has not made."""
        if not all(isinstance(value, str | int) for value in plain.values()):
            raise TypeError("A certificate has texts and numbers.")
        days = {name: date.fromisoformat(plain[name]) for name in cls._days()}
        return cls(**plain | days)

    @classmethod
    def _days(cls) -> list[str]:
        return [field.name for field in fields(cls) if field.type is date]


def compose(line: LedgerLine) -> Certificate:
    """Return the certificate of a line. Raises `NotProven`; a proof itself has none."""
    if line.sequence is None or not line.proven_on or line.kind == LedgerLine.Kind.PROOF:
        raise NotProven(_("This deletion has not been proven yet. Its certificate comes then."))
    return Certificate(
        form=FORM,
        controller=settings.ATS_OPERATOR["name"],
        line=line.sequence,
        hash=line.hash,
        kind=line.kind,
        record=line.record,
        rule=line.rule,
        erased_on=line.day,
        rows=line.rows,
        objects=line.objects_count,
        proven_on=line.proven_on,
        checked=CHECKED,
        backups_until=line.day + timedelta(days=settings.ATS_BACKUP_DAYS),
        policy=line.policy_version,
    )


def verify(text: str) -> Certificate:
    """Return the certificate that somebody shows, if we signed it and nothing was changed.

    The file's JSON or the lines on paper, with anything before or after the JSON, and with line
    breaks anywhere in the lines. Raises `NotACertificate`.
    """
    plain = _read(text)
    signature = plain.pop(SIGNATURE, None)
    try:
        certificate = Certificate._from_plain(plain)
        raw = b64decode(str(signature), validate=True)
    except (KeyError, TypeError, ValueError):
        raise NotACertificate(
            _("This is no certificate of deletion, or a part of it is missing.") + " " + _advice()
        ) from None
    if not any(_is_signed(certificate.signed, raw, key) for key in _keys()):
        raise NotACertificate(
            _("We did not sign this. Something in it was changed, or another site made it.")
        )
    return certificate


def _advice() -> str:
    return _(
        "Open the file halbjahr.json and copy all of it, or copy the block of small print from"
        " the PDF, and paste it again."
    )


def _read(text: str) -> dict[str, Any]:
    try:
        plain = json.loads(_json_in(text)) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        raise NotACertificate(_("This is no certificate of deletion.") + " " + _advice())
    return plain


def _json_in(text: str) -> str | bytes:
    if "{" in text:
        return text[text.find("{") : text.rfind("}") + 1]
    return b64decode("".join(text.split()), validate=True)


def _is_signed(signed: bytes, signature: bytes, key: Ed25519PrivateKey) -> bool:
    try:
        key.public_key().verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def public_key() -> str:
    """Return the public half of the key in use, in base64: what others check a signature with."""
    return b64encode(_signing_key().public_key().public_bytes_raw()).decode()


def _signing_key() -> Ed25519PrivateKey:
    return _key(settings.ATS_CERTIFICATE_KEY)


def _keys() -> list[Ed25519PrivateKey]:
    return [_signing_key(), *map(_key, settings.ATS_FORMER_CERTIFICATE_KEYS)]


@cache
def _key(raw: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(raw)
