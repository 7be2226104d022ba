"""The templates and reasons that a new installation begins with. HR may change or delete all.

Rejections are signed by the company alone, as nobody here decides alone.
"""

from typing import Any, NamedTuple

from candidates.models import Application, Mail

from .placeholders import Text


class Shipped(NamedTuple):
    purpose: str
    language: str
    name: str
    subject: str
    body: str


_GONE_DE = """\
Ihre Bewerbung mit allen Unterlagen löschen wir spätestens am {delete_on}. Bis dahin können Sie \
sie ansehen, herunterladen oder uns bitten, sie früher zu löschen:
{room}

Wir wünschen Ihnen alles Gute.

{operator}"""
_GONE_EN = """\
We erase your application with all its documents on {delete_on} at the latest. Until then you can \
look at it, download it, or ask us to erase it sooner:
{room}

We wish you all the best.

{operator}"""
_REPLY_DE = """\
Antworten Sie einfach auf diese Mail. Ihre Antwort kommt zu Ihrer Bewerbung.

{sender}
{operator}"""
_REPLY_EN = """\
You can simply reply to this mail. Your reply comes to your application.

{sender}
{operator}"""

REJECTION, MESSAGE = str(Mail.Purpose.REJECTION), str(Mail.Purpose.MESSAGE)

TEMPLATES = (
    Shipped(
        REJECTION,
        "de",
        "Absage",
        "Ihre Bewerbung: {job}",
        f"""Guten Tag {{name}},

vielen Dank für Ihre Bewerbung auf die Stelle „{{job}}“ und für die Zeit, die Sie sich dafür \
genommen haben. Wir haben uns entschieden, mit anderen Bewerbungen weiterzumachen. Das ist uns \
nicht leichtgefallen, und es ist kein Urteil über Sie.

{_GONE_DE}""",
    ),
    Shipped(
        REJECTION,
        "de",
        "Absage auf eine Initiativbewerbung",
        "Ihre Bewerbung bei {operator}",
        f"""Guten Tag {{name}},

vielen Dank für Ihre Bewerbung und für die Zeit, die Sie sich dafür genommen haben. Wir haben \
zurzeit keine passende Stelle für Sie. Das ist kein Urteil über Sie.

{_GONE_DE}""",
    ),
    Shipped(
        REJECTION,
        "de",
        "Absage nach dem Gespräch",
        "Ihre Bewerbung: {job}",
        f"""Guten Tag {{name}},

vielen Dank für das Gespräch und für Ihre Offenheit. Wir haben uns für eine andere Person \
entschieden. Das ist uns nicht leichtgefallen, und es ist kein Urteil über Sie.

{_GONE_DE}""",
    ),
    Shipped(
        REJECTION,
        "de",
        "Absage, weil die Stelle nicht besetzt wird",
        "Ihre Bewerbung: {job}",
        f"""Guten Tag {{name}},

vielen Dank für Ihre Bewerbung auf die Stelle „{{job}}“. Wir besetzen die Stelle nun doch nicht. \
Es tut uns leid, dass wir Ihnen nichts anderes sagen können; mit Ihnen hat das nichts zu tun.

{_GONE_DE}""",
    ),
    Shipped(
        REJECTION,
        "en",
        "Rejection",
        "Your application: {job}",
        f"""Hello {{name}},

thank you for your application as {{job}} and for the time you put into it. We have decided to go \
on with other applications. That was not easy for us, and it is no judgement on you.

{_GONE_EN}""",
    ),
    Shipped(
        REJECTION,
        "en",
        "Rejection after an interview",
        "Your application: {job}",
        f"""Hello {{name}},

thank you for talking to us and for your openness. We have decided for someone else. That was not \
easy for us, and it is no judgement on you.

{_GONE_EN}""",
    ),
    Shipped(
        REJECTION,
        "en",
        "Rejection because the position is not filled",
        "Your application: {job}",
        f"""Hello {{name}},

thank you for your application as {{job}}. We shall not fill this position after all. We are \
sorry that we have nothing else to tell you; it has nothing to do with you.

{_GONE_EN}""",
    ),
    Shipped(
        REJECTION,
        "en",
        "Rejection of a speculative application",
        "Your application to {operator}",
        f"""Hello {{name}},

thank you for your application and for the time you put into it. We have no position for you at \
present. That is no judgement on you.

{_GONE_EN}""",
    ),
    Shipped(
        MESSAGE,
        "de",
        "Bitte um den Lebenslauf",
        "Ihre Bewerbung: {job}",
        f"""Guten Tag {{name}},

vielen Dank für Ihre Bewerbung auf die Stelle „{{job}}“. Uns fehlt darin noch Ihr Lebenslauf. Sie \
können ihn als Antwort auf diese Mail schicken oder auf Ihrer Seite hinzufügen:
{{room}}

{_REPLY_DE}""",
    ),
    Shipped(
        MESSAGE,
        "de",
        "Einladung zum Gespräch",
        "Einladung zum Gespräch: {job}",
        f"""Guten Tag {{name}},

Ihre Bewerbung auf die Stelle „{{job}}“ hat uns gefallen, und wir möchten Sie gern kennenlernen. \
Nennen Sie uns bitte zwei oder drei Termine in den nächsten zwei Wochen, die Ihnen passen, und ob \
Sie lieber zu uns kommen oder per Video mit uns sprechen.

{_REPLY_DE}""",
    ),
    Shipped(
        MESSAGE,
        "de",
        "Zwischenbescheid",
        "Ihre Bewerbung: {job}",
        f"""Guten Tag {{name}},

Ihre Bewerbung vom {{received}} auf die Stelle „{{job}}“ ist nicht vergessen. Wir brauchen für \
die Entscheidung noch etwas Zeit und melden uns, sobald sie gefallen ist. Sie müssen nichts tun.

{_REPLY_DE}""",
    ),
    Shipped(
        MESSAGE,
        "en",
        "Invitation to an interview",
        "Invitation to an interview: {job}",
        f"""Hello {{name}},

we liked your application as {{job}} and would like to meet you. Please name two or three dates \
in the next two weeks that suit you, and tell us whether you would rather come to us or talk by \
video.

{_REPLY_EN}""",
    ),
    Shipped(
        MESSAGE,
        "en",
        "Request for the CV",
        "Your application: {job}",
        f"""Hello {{name}},

thank you for your application as {{job}}. Your CV is still missing from it. You can send it as a \
reply to this mail, or add it on your page:
{{room}}

{_REPLY_EN}""",
    ),
    Shipped(
        MESSAGE,
        "en",
        "We need a little longer",
        "Your application: {job}",
        f"""Hello {{name}},

your application of {{received}} as {{job}} is not forgotten. We need a little longer to decide, \
and write to you as soon as we have. You need not do anything.

{_REPLY_EN}""",
    ),
)

#: By the language that the people here speak: each stands in the history as it was chosen.
REASONS = {
    "de": (
        "Eine andere Bewerbung erfüllt die Kriterien der Stelle besser",
        "Verlangte Erfahrung fehlt",
        "Verlangte Ausbildung oder Zulassung fehlt",
        "Möglicher Beginn oder Arbeitszeit passt nicht zur Stelle",
        "Gehaltsvorstellung liegt über dem Rahmen der Stelle",
        "Unterlagen sind trotz Nachfrage unvollständig",
        "Die Stelle ist besetzt oder wird nicht besetzt",
    ),
    "en": (
        "Another application meets the job’s criteria better",
        "Required experience is missing",
        "Required training or licence is missing",
        "Possible start or hours do not fit the job",
        "Expected salary is above the job’s range",
        "Documents are incomplete although we asked",
        "The position is filled, or will not be filled",
    ),
}


def rejection(application: Application) -> Text:
    """Return the shipped rejection for an application: to its job, or to a speculative one."""
    wanted = (REJECTION, application.language)
    texts = [Text(each.subject, each.body) for each in TEMPLATES if each[:2] == wanted]
    needs_job = application.job is not None
    return next(text for text in texts if ("{job}" in text.subject) == needs_job)


def lay(templates: Any, reasons: Any, *, language: str) -> None:
    """Write what is shipped, given the models' managers; of what is there already, nothing.

    `language` is that of the people here, for the reasons.
    """
    if not templates.exists():
        templates.bulk_create(templates.model(**each._asdict()) for each in TEMPLATES)
    if not reasons.exists():
        texts = REASONS.get(language, REASONS["en"])
        reasons.bulk_create(
            reasons.model(text=text, position=position) for position, text in enumerate(texts)
        )
