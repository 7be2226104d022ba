"""What the demo's colleagues and applicants have written to each other."""

from datetime import datetime, timedelta
from typing import NamedTuple

from candidates import writing
from candidates.mail import templates
from candidates.models import Application, Event, Mail, MailTemplate, User


class Written(NamedTuple):
    """A mail from a template, by last name, and what the applicant answered, if anything."""

    last_name: str
    template: str
    #: After the stage was reached in which it stands.
    days_ago: int
    answer: str = ""


LETTERS = (
    Written(
        "Yıldırım",
        "Einladung zum Gespräch",
        2,
        "Guten Tag Frau Voss,\n\nder Montag um elf passt mir sehr gut. Bis dahin!\n\nEmre Yıldırım",
    ),
    Written(
        "Reiß",
        "Einladung zum Gespräch",
        3,
        "Guten Tag,\n\ngern am Dienstag oder Donnerstag ab 16 Uhr, am liebsten per Video.",
    ),
    Written("Hernández", "Invitation to an interview", 3),
    Written("Zielińska", "Zwischenbescheid", 2),
)


def lay(played: list[Application], *, by: User, now: datetime) -> None:
    """Send the mails by the verb, each in its past, and let some be answered."""
    people = {application.last_name: application for application in played}
    for written in LETTERS:
        template = MailTemplate.objects.filter(name=written.template).first()
        if template is None:  # HR has others
            continue
        at = now - timedelta(days=written.days_ago)
        text = templates.text_of(template)
        sent = writing.write(people[written.last_name], text=text, by=by, now=at)
        if written.answer:
            _answer(sent, written.answer, at + timedelta(hours=3))


def _answer(sent: Mail, text: str, now: datetime) -> None:
    """Write the applicant's reply as the mailbox would have brought it."""
    application = sent.application
    application.mails.create(
        purpose=Mail.Purpose.REPLY,
        state=Mail.State.RECEIVED,
        language=application.language,
        to=application.email,
        subject=f"Re: {sent.subject}"[:200],
        body=text,
        created_at=now,
        send_at=now,
        answers=sent,
    )
    application.events.create(kind=Event.Kind.WROTE, at=now)
