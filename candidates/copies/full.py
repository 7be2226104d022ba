"""The full copy (Art. 15 GDPR): everything that the database has of a person, section by section.

What it makes is plain JSON, since a released copy is kept as it was released. A section has
entries, an entry has facts: `name` and `value` for machines, `label` and `text` for people.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import IO, Any
from unicodedata import normalize

from django.conf import settings
from django.contrib.auth.models import Group
from django.db.models import ForeignKey, Model, Prefetch, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from candidates import why
from candidates.copies import archive
from candidates.copies.archive import Given
from candidates.copies.tables import TABLES, WAYS, Section, Shown, Table
from candidates.models import AccessCopy, Application, Read, User

FORMAT = "halbjahr-copy-1"

#: A copy, or a part of one, as JSON has it.
Json = dict[str, Any]


def compile(application: Application, now: datetime) -> Json:  # noqa: A001  the law's own word
    """Return all that the database has of an application's person, in the person's language."""
    with translation.override(application.language):
        return {
            "format": FORMAT,
            "language": application.language,
            "made_at": now.isoformat(),
            "title": application.title,
            "name": application.name,
            "about": _about(application, now),
            "sections": [_section(application, section) for section in Section],
            "elsewhere": _elsewhere(application),
            "left_out": _left_out(),
        }


def digest(content: Json) -> str:
    """Return what tells whether a compiled copy still is as somebody saw it.

    Who opened the application meanwhile is nothing to go through: a day and a role.
    """
    seen = [section["entries"] for section in content["sections"]]
    words = [[entry for entry in entries if not _is_opening(entry)] for entries in seen]
    return sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def _is_opening(entry: Json) -> bool:
    is_read = str(entry["id"]).startswith(f"{Read._meta.model_name}-")
    return is_read and not any(fact["is_free"] for fact in entry["facts"])


# What the database has ----------------------------------------------------------------------


def _section(application: Application, section: Section) -> Json:
    entries = [
        entry
        for model, table in TABLES.items()
        if table.section == section and table.shown
        for entry in _entries(application, model, table)
    ]
    return {"key": str(section), "title": str(section.label), "entries": entries}


def _entries(application: Application, model: type[Model], table: Table) -> Iterator[Json]:
    for row in _rows(application, model, table):
        facts = [_fact(row, name, shown) for name, shown in table.shown.items()]
        yield {
            "id": f"{model._meta.model_name}-{row.pk}",
            "title": _whole(str(table.title(row))),
            "facts": [fact for fact in facts if fact["text"]],
        }


def _rows(application: Application, model: type[Model], table: Table) -> QuerySet[Model]:
    """Return an application's rows of a table, oldest first, with what their facts name."""
    rows = model._default_manager.filter(**{WAYS[model]: application.pk})
    parents = [
        field
        for field in model._meta.local_fields
        if isinstance(field, ForeignKey) and field.name in table.shown
    ]
    for parent in parents:
        rows = rows.select_related(parent.name)
        if parent.related_model is User:
            groups = Prefetch(f"{parent.name}__groups", Group.objects.order_by("name"))
            rows = rows.prefetch_related(groups)
    if "content" not in table.shown and model is AccessCopy:
        rows = rows.defer("content")
    return rows.order_by(table.order, "pk")


def _fact(row: Model, name: str, shown: Shown) -> Json:
    value, text = shown.say(row, name)
    return {
        "name": name,
        "label": str(shown.label),
        "value": _whole(value) if isinstance(value, str) else value,
        "text": _whole(text),
        "is_free": shown.is_free,
    }


def _whole(text: str) -> str:
    """Return text with its letters whole: "u" and two dots are one letter, for the strikes."""
    return normalize("NFC", text)


# What the law wants said beside it ----------------------------------------------------------


def _about(application: Application, now: datetime) -> list[Json]:
    """Return what Art. 15(1)(a) to (h) GDPR wants to be told, as headings with their texts."""
    privacy = f"{settings.ATS_SITE_URL}{reverse('privacy')}"
    told = [
        (
            _("What for"),
            _("To decide on your application. The legal basis: %(basis)s.")
            % {"basis": application.get_legal_basis_display()},
        ),
        (_("Where from"), _origin(application)),
        (_("Who gets it"), _recipients()),
        (_("How long"), why.why_for_applicant(application, now)),
        (
            _("Your rights"),
            _(
                "You can have it corrected or erased, have its use restricted, and object to it. "
                "You can complain to a data protection supervisory authority. More: %(privacy)s"
            )
            % {"privacy": privacy},
        ),
        (
            _("No automated decisions"),
            _("People decide on your application. No machine does, and none makes a profile."),
        ),
    ]
    return [{"title": title, "text": text} for title, text in told]


def _origin(application: Application) -> str:
    sentences = {
        Application.Source.FORM: _("From you, by the form on our site."),
        Application.Source.EMAIL: _("From you, by e-mail."),
        Application.Source.PAPER: _("From you, on paper; somebody here entered it."),
        Application.Source.REFERRAL: _("From somebody who recommended you: %(origin)s."),
        Application.Source.AGENCY: _("From an agency: %(origin)s."),
    }
    said = str(sentences[Application.Source(application.source)])
    return said % {"origin": application.introduced_by or _("not noted")}


def _recipients() -> str:
    said = [
        _(
            "Those here who decide on applications, our privacy officer, and those who look after "
            "the system."
        )
    ]
    if settings.ATS_PROCESSORS:
        others = _("On our behalf: %(names)s.") % {"names": "; ".join(settings.ATS_PROCESSORS)}
        said.append(others)
    return " ".join(said)


def _elsewhere(application: Application) -> list[str]:
    """Return which other records there are that this copy does not have."""
    if not hasattr(application, "employee"):
        return []
    return [
        _(
            "When you were hired, an employee record was made: your name, your ways to be reached, "
            "your personnel number and the documents that were taken over. It is kept apart from "
            "your application. Ask our personnel department for a copy of it."
        )
    ]


def _left_out() -> list[Json]:
    """Return which fields are in no copy, and why, so that nothing is kept back unseen."""
    return [
        {"table": model._meta.object_name, "fields": left.split(), "why": str(reason.label)}
        for model, table in TABLES.items()
        for reason, left in table.left.items()
    ]


# What is taken away -------------------------------------------------------------------------


def released(copy: AccessCopy, *, now: datetime) -> IO[bytes]:
    """Return a released copy as a ZIP with the files; the caller closes it.

    Raises `StorageDown` if the files cannot be had now.
    """
    content = copy.content

    def draw(given: list[Given]) -> dict[str, str]:
        files = [archive.described(each) for each in given]
        context = {
            "copy": content,
            "files": files,
            "language": content["language"],
            "made_at": localtime(datetime.fromisoformat(content["made_at"])),
            "operator": settings.ATS_OPERATOR,
        }
        machine = content | {"released_at": copy.released_at.isoformat(), "files": files}
        with translation.override(content["language"]):
            page = render_to_string("copies/full.html", context)
        return {"index.html": page, "data.json": archive.as_json(machine)}

    return archive.pack(copy.request.application, draw, now=now)
