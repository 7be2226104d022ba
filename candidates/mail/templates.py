"""The texts that HR has for mails, by purpose and language, and the one that fits somebody."""

from candidates.models import Application, Mail, MailTemplate, User

from . import shipped, words
from .placeholders import Text, faults, fill, values


def for_language(language: str, purpose: Mail.Purpose) -> list[MailTemplate]:
    """Return the templates of a purpose in a language, in their order."""
    return list(MailTemplate.objects.filter(purpose=purpose, language=language))


def text_of(template: MailTemplate) -> Text:
    return Text(template.subject, template.body)


def fitting(
    templates: list[MailTemplate],
    application: Application,
    *,
    purpose: Mail.Purpose,
    by: User | None,
) -> MailTemplate | None:
    """Return the first template of which nothing stays unresolved for an application."""
    known = values(application, purpose=purpose, by=by)
    fits = (each for each in templates if not faults("\n".join(text_of(each)), known))
    return next(fits, None)


def rejection(application: Application, *, by: User | None) -> Text:
    """Return the rejection that an application gets if nobody chooses one, with placeholders."""
    purpose = Mail.Purpose.REJECTION
    templates = for_language(application.language, purpose)
    found = fitting(templates, application, purpose=purpose, by=by)
    return text_of(found) if found else shipped.rejection(application)


def compose(
    application: Application, purpose: Mail.Purpose, *, by: User | None = None, **about: object
) -> Text:
    """Return subject and body of a mail, in the applicant's language. Writes nothing.

    A rejection is one of HR's templates; for the others see `words.compose`.
    """
    if purpose == Mail.Purpose.REJECTION:
        return fill(rejection(application, by=by), application, purpose=purpose, by=by)
    return Text(*words.compose(application, purpose, **about))
