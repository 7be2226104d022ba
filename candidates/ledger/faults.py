"""What can be wrong with a ledger, in sentences that name the line."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Code(StrEnum):
    CHANGED = "changed"
    UNLINKED = "unlinked"
    MISSING = "missing"
    MISPLACED = "misplaced"
    NO_LINE = "no-line"
    #: Of a file as a whole.
    NO_LEDGER = "no-ledger"
    TRUNCATED = "truncated"
    BAD_END = "bad-end"
    #: Of the database and the storage's copies, one beside the other.
    DIFFERS = "differs"
    LOST = "lost"
    UNCOPIED = "copy-missing"
    COPY_CHANGED = "copy-changed"
    COPY_DISORDERED = "copy-disordered"
    COPY_UNKNOWN = "copy-unknown"
    STORAGE = "storage"


#: Each names the line as %(line)d, or the lines from %(line)d to %(last)d.
SENTENCES: dict[Code, Promise] = {
    Code.CHANGED: _("Line %(line)d has been changed: it does not have its hash any more."),
    Code.UNLINKED: _(
        "Line %(line)d does not follow from the line before: one of the two has been changed."
    ),
    Code.MISSING: _("Line %(line)d is missing, or does not stand in its place."),
    Code.MISPLACED: _("Line %(line)d stands behind a later one."),
    Code.NO_LINE: _("What should be line %(line)d is no line of a ledger: it has been changed."),
    Code.TRUNCATED: _("The file breaks off after line %(line)d."),
    Code.NO_LEDGER: _(
        "This is no ledger: give a copy from storage (JSON Lines) or a JSON export, unchanged."
    ),
    Code.BAD_END: _(
        "Line %(line)d is missing, and perhaps more: the file’s end does not belong to its lines."
    ),
    Code.DIFFERS: _("Line %(line)d is another in the database than in storage."),
    Code.LOST: _("Line %(line)d is missing in the database; storage has it."),
    Code.UNCOPIED: _("Line %(line)d is missing in storage, where it had been copied to."),
    Code.COPY_CHANGED: _("Line %(line)d has been changed in storage, or is missing there."),
    Code.COPY_DISORDERED: _("The copy from line %(line)d to %(last)d is out of order in storage."),
    Code.COPY_UNKNOWN: _("The object for line %(line)d in storage is no part of the ledger."),
    Code.STORAGE: _("The storage does not answer, so its copies have not been compared."),
}
SEVERAL: dict[Code, Promise] = {
    Code.MISSING: _("Lines %(line)d to %(last)d are missing, or do not stand in their places."),
    Code.LOST: _("Lines %(line)d to %(last)d are missing in the database; storage has them."),
    Code.UNCOPIED: _(
        "Lines %(line)d to %(last)d are missing in storage, where they had been copied to."
    ),
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line, or with those from `line` to `last`."""

    line: int
    code: Code
    last: int = 0

    @property
    def end(self) -> int:
        return max(self.line, self.last)

    @property
    def what(self) -> str:
        several = self.last > self.line and self.code in SEVERAL
        sentence = (SEVERAL if several else SENTENCES)[self.code]
        return str(sentence) % {"line": self.line, "last": self.last}

    def __str__(self) -> str:
        return self.what
