"""The words of mails: from their templates, in the language of whoever reads them."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from candidates import retention, tokens
from candidates.access import Role
from candidates.models import Application, Mail, Token, User

from .rejections import is_secret

#: What stands in the place of a token in what is kept of a mail: no token has such a letter.
PLACE = "…"
#: Where the text of a mail has more than one empty line.
GAP = re.compile(r"\n{3,}")


def link(token: str = PLACE) -> str:
    """Return where a token leads; without one, what stands for that until the mail is sent."""
    return f"{settings.ATS_SITE_URL}/my/{token}/"


def compose(application: Application, purpose: Mail.Purpose, **about: Any) -> tuple[str, str]:
    """Return subject and body of a mail, in the applicant's language. Writes nothing.

    Its template is `mail/<purpose>.txt`; `about` is what that says more of.
    """
    with translation.override(application.language):
        text = render_to_string(f"mail/{purpose}.txt", _context(application) | about)
    return parts(text)


def _context(application: Application) -> dict[str, Any]:
    return {
        "application": application,
        "operator": settings.ATS_OPERATOR,
        "retention_months": settings.ATS_RETENTION_MONTHS,
        "site_url": settings.ATS_SITE_URL,
        "room_url": link(),
        "infected": application.attachments.untold(),
        "answer_by": answer_by(application),
        "seems_open": application.is_open or is_secret(application),
        "confirm_days": tokens.LIVES[Token.Purpose.ERASURE].days,
    }


def answer_by(application: Application) -> date | None:
    """Return the day until which an answer has been promised, or None: no job, no promise."""
    if application.job is None:
        return None
    received = retention.local_date(application.received_at)
    return received + timedelta(days=application.job.answer_days)


def parts(text: str) -> tuple[str, str]:
    """Return subject and body of a mail from its rendered template."""
    subject, _, body = text.strip().partition("\n")
    return subject.removeprefix("Subject:").strip(), GAP.sub("\n\n", body.strip()) + "\n"


def to_staff(template: str, context: dict[str, Any], *, roles: Iterable[Role]) -> EmailMessage:
    """Return a mail to those who have these roles, in the site's language; links, never names."""
    people = User.objects.filter(is_active=True, groups__name__in=list(roles)).distinct()
    # Somebody has to know, also where nobody has the role.
    to = sorted(people.values_list("email", flat=True)) or [settings.ATS_OPERATOR["email"]]
    return to_people(template, context, to)


def to_people(template: str, context: dict[str, Any], to: list[str]) -> EmailMessage:
    """Return a mail to people who work here, in the site's language; links, never names."""
    with translation.override(settings.LANGUAGE_CODE):
        subject, body = parts(render_to_string(template, context))
    return EmailMessage(subject=subject, body=body, to=to)
