"""The map of the full copy: of each field in which section it stands, or why in none.

`full.compile` reads it, so what is not in it is not in the copy; tests/candidates/test_copies.py
holds it against the tables, so nobody adds a field of a person without saying what becomes of it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import AutoField, Model, TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from candidates.copies import wording
from candidates.models import (
    AccessCopy,
    Application,
    Event,
    Grade,
    Hold,
    Mail,
    Mention,
    Note,
    Read,
    Request,
    Scorecard,
    SeenMail,
    Token,
)
from candidates.purge.comprises import APPLICATION
from storage.models import Attachment, Page, Words


class Section(TextChoices):
    DETAILS = "details", _("Your application")
    DOCUMENTS = "documents", _("Your documents")
    HISTORY = "history", _("What was done")
    NOTES = "notes", _("Notes")
    SCORES = "scores", _("Scorecards")
    MAILS = "mails", _("Mails")
    REQUESTS = "requests", _("Your requests")
    HOLDS = "holds", _("Holds on the deletion")
    READS = "reads", _("Who opened your application and downloaded your documents")
    LINKS = "links", _("Links and addresses for replies")


class Why(TextChoices):
    """Why a field is in no copy. It says nothing of the person, or would harm them or others."""

    KEY = "key", _("A number by which the rows of tables find each other. It says nothing else.")
    COPY = "copy", _("A technical copy of what stands elsewhere in this copy.")
    DIGEST = (
        "digest",
        _(
            "What recognises a link or a mail. It is calculated and cannot be turned back; in the "
            "wrong hands it would weaken what protects your data (Art. 32 GDPR)."
        ),
    )
    BEFORE = "before", _("Is only there before an application is sent, and empty since.")


@dataclass(frozen=True)
class Shown:
    """A field that is in the copy: its name there, and how its value is said."""

    label: Promise
    say: Callable[[Model, str], wording.Said] = wording.plain
    #: Whether it is somebody's words, in which others may be named.
    is_free: bool = False


@dataclass(frozen=True)
class Table:
    """A table of a person: the section of its rows, what each is called, and its fields."""

    section: Section
    order: str
    title: Callable[[Any], object]
    shown: Mapping[str, Shown]
    left: Mapping[Why, str]


def _free(label: Promise, say: Callable[[Model, str], wording.Said] = wording.plain) -> Shown:
    return Shown(label, say, is_free=True)


TABLES: dict[type[Model], Table] = {
    Application: Table(
        Section.DETAILS,
        "pk",
        lambda row: row.title,
        {
            "first_name": Shown(_("First name")),
            "last_name": Shown(_("Last name")),
            "email": Shown(_("E-mail")),
            "phone": Shown(_("Phone")),
            "job": Shown(_("Position")),
            "stage": Shown(_("Stage")),
            "stage_since": Shown(_("In this stage since")),
            "status": Shown(_("Status")),
            "language": Shown(_("Language")),
            "source": Shown(_("How it came")),
            "introduced_by": _free(_("From whom it came")),
            "received_at": Shown(_("Received")),
            "first_opened_at": Shown(_("First opened")),
            "legal_basis": Shown(_("Legal basis")),
            "policy_version": Shown(_("Version of the privacy policy")),
            "decided_on": Shown(_("Decided on")),
            "retention_months": Shown(_("Months that it is kept after that")),
            "delete_on": Shown(_("Erased on")),
            "foreseen_on": Shown(_("Erasure was foreseen on")),
            "early_at": Shown(_("To be erased at once since")),
            "early": Shown(_("To be erased at once because of")),
            "restricted_at": Shown(_("Restricted since")),
            "wants_certificate": Shown(_("You want a certificate of deletion")),
        },
        {Why.KEY: "id submission", Why.COPY: "folded"},
    ),
    Attachment: Table(
        Section.DOCUMENTS,
        "created_at",
        lambda row: row.name,
        {
            "name": _free(_("Name")),
            "content_type": Shown(_("Kind of file")),
            "size": Shown(_("Size in bytes")),
            "created_at": Shown(_("Received")),
            "verdict": Shown(_("Virus scan")),
            "scanned_at": Shown(_("Last scanned")),
            "scan_attempts": Shown(_("Scans that failed")),
            "next_scan_at": Shown(_("Next scan")),
            "finding": Shown(_("Virus found")),
            "quarantined_at": Shown(_("Removed")),
            "applicant_told_at": Shown(_("You were told of it")),
            "officer_told_at": Shown(_("Our privacy officer was told of it")),
            "preparation": Shown(_("Pages to look at")),
            "prepare_after": Shown(_("Next try to make them")),
            "prepare_attempts": Shown(_("Tries to make them")),
            "pages": Shown(_("Number of pages")),
        },
        {
            Why.KEY: "id key view_key application employee came_from",
            Why.BEFORE: "staged_by staged_until",
        },
    ),
    Words: Table(
        Section.DOCUMENTS,
        "attachment__created_at",
        lambda row: _("Text of %(name)s") % {"name": row.attachment.name},
        {"text": _free(_("Text that was read out of it, for searching"))},
        {Why.KEY: "attachment", Why.COPY: "folded"},
    ),
    Page: Table(
        Section.DOCUMENTS,
        "number",
        lambda row: _("Page"),
        {},
        {Why.KEY: "attachment", Why.COPY: "number image drawn_at"},
    ),
    Event: Table(
        Section.HISTORY,
        "at",
        lambda row: row.get_kind_display(),
        {
            "at": Shown(_("When")),
            "kind": Shown(_("What")),
            "by": Shown(_("By whom"), wording.who),
            "detail": _free(_("About what"), wording.about),
            "reason": _free(_("Reason")),
        },
        {Why.KEY: "application"},
    ),
    Mail: Table(
        Section.MAILS,
        "created_at",
        lambda row: row.get_purpose_display(),
        {
            "purpose": Shown(_("What for")),
            "created_at": Shown(_("Written")),
            "send_at": Shown(_("To be sent from")),
            "sent_at": Shown(_("Sent")),
            "state": Shown(_("State")),
            "attempts": Shown(_("Tries to send it")),
            "error": Shown(_("What went wrong")),
            "language": Shown(_("Language")),
            "to": Shown(_("Your address")),
            "subject": _free(_("Subject")),
            "body": _free(_("Text"), wording.body),
            "by": Shown(_("By whom"), wording.role),
            "noted_at": Shown(_("We took note that it came back")),
        },
        {Why.KEY: "application answers"},
    ),
    Note: Table(
        Section.NOTES,
        "at",
        lambda row: _("Note"),
        {
            "at": Shown(_("Written")),
            "by": Shown(_("By whom"), wording.role),
            "text": _free(_("Text")),
            "is_private": Shown(_("For its writer only")),
        },
        {Why.KEY: "application"},
    ),
    Mention: Table(
        Section.NOTES,
        "pk",
        lambda row: _("Meant for"),
        {
            "user": Shown(_("For whom"), wording.role),
            "seen_at": Shown(_("Seen")),
        },
        {Why.KEY: "note"},
    ),
    Scorecard: Table(
        Section.SCORES,
        "at",
        lambda row: _("Scorecard"),
        {
            "at": Shown(_("Written")),
            "by": Shown(_("By whom"), wording.role),
            "text": _free(_("In words")),
        },
        {Why.KEY: "application"},
    ),
    Grade: Table(
        Section.SCORES,
        "pk",
        lambda row: row.criterion,
        {
            "criterion": Shown(_("Criterion")),
            "value": Shown(_("Grade")),
        },
        {Why.KEY: "scorecard"},
    ),
    Request: Table(
        Section.REQUESTS,
        "received_at",
        lambda row: row.get_kind_display(),
        {
            "kind": Shown(_("What you asked for")),
            "received_at": Shown(_("Received")),
            "registered_by": Shown(_("Entered by"), wording.role),
            "text": _free(_("What you wrote")),
            "due_on": Shown(_("To be answered by")),
            "state": Shown(_("State")),
            "decided_at": Shown(_("Decided")),
            "decided_by": Shown(_("Decided by"), wording.role),
            "confirmed_by": Shown(_("Confirmed by"), wording.role),
            "answer": _free(_("Answer")),
        },
        {Why.KEY: "id application"},
    ),
    AccessCopy: Table(
        Section.REQUESTS,
        "released_at",
        lambda row: _("Earlier copy of all data"),
        {
            "released_at": Shown(_("Ready since")),
            "fetch_until": Shown(_("To be fetched by")),
            "fetched_at": Shown(_("Fetched")),
        },
        {Why.KEY: "request", Why.COPY: "content"},
    ),
    Hold: Table(
        Section.HOLDS,
        "set_at",
        lambda row: row.get_kind_display(),
        {
            "kind": Shown(_("What for")),
            "set_at": Shown(_("Set")),
            "set_by": Shown(_("Set by"), wording.role),
            "until": Shown(_("Until"), wording.end),
            "reason": _free(_("Reason")),
            "reminded_at": Shown(_("Our privacy officer was reminded of its end")),
        },
        {Why.KEY: "application request"},
    ),
    Read: Table(
        Section.READS,
        "at",
        lambda row: _("Download") if row.document else _("Application opened"),
        {
            "at": Shown(_("Day"), wording.day),
            "by": Shown(_("By whom"), wording.role),
            "document": _free(_("Document")),
        },
        {Why.KEY: "application employee"},
    ),
    Token: Table(
        Section.LINKS,
        "created_at",
        lambda row: row.get_purpose_display(),
        {
            "purpose": Shown(_("What for")),
            "created_at": Shown(_("Made")),
            "expires_at": Shown(_("Works until")),
            "address": Shown(_("For the address")),
        },
        {Why.KEY: "application mail", Why.DIGEST: "digest"},
    ),
    SeenMail: Table(
        Section.LINKS,
        "pk",
        lambda row: _("Mark of a mail that was taken in"),
        {},
        {Why.KEY: "application", Why.DIGEST: "digest"},
    ),
}

#: The way from a table's rows to the application; that of the purge, so it is the same rows.
WAYS: dict[type[Model], str] = {Application: "pk"} | APPLICATION

#: Tables with data of persons that no copy reads, by their label, and why.
ELSEWHERE: dict[str, str] = {
    "candidates.CertificateMail": "begins when the application has been erased",
    "candidates.Employee": "another record, of the employment: the copy says that it is there",
    "candidates.LostLink": "gone within a minute; the address alone, of whoever asked",
    "candidates.StrayMail": "mails that could not be put to anybody",
    "candidates.Tries": "a keyed hash of where from, without a person",
    "candidates.Confirmation": "of the purge, by those who work here",
    "storage.Tombstone": "the random key of an object, without a person",
    "sessions.Session": "ids alone, of those who work here or of a form not yet sent",
    "django_q.OrmQ": "ids alone, for minutes",
    "django_q.Task": "ids alone",
    "admin.LogEntry": "of those who work here",
}


def gaps(
    models: Iterable[type[Model]], tables: Mapping[type[Model], Table] | None = None
) -> set[str]:
    """Return what these models have and the map has not, and the reverse, as `label.field`."""
    tables = TABLES if tables is None else tables
    there = {
        f"{model._meta.label}.{field.name}"
        for model in models
        for field in model._meta.local_fields
        if not isinstance(field, AutoField)
    }
    return there ^ {
        f"{model._meta.label}.{name}" for model, table in tables.items() for name in names(table)
    }


def names(table: Table) -> list[str]:
    """Return the names of all fields that the map speaks of for a table."""
    return [*table.shown, *(name for left in table.left.values() for name in left.split())]
