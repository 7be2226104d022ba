"""Telling somebody here that a mail of theirs came back."""

from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from candidates import access
from candidates.access import Role
from candidates.models import Application, Mail, User

from .words import parts


def tell(pk: int) -> bool:
    """Tell by a link who had a mail sent, or else who decides there, that it was undeliverable.

    Return whether there was anything left to tell: it may have been purged or noted meanwhile.
    """
    rows = Mail.objects.filter(state=Mail.State.BOUNCED, noted_at=None)
    mail = rows.select_related("application", "by").filter(pk=pk).first()
    if mail is None:
        return False
    for user in _whom(mail):
        _message(user, mail.application).send()
    return True


def _whom(mail: Mail) -> list[User]:
    """Return who had it sent; if they are gone or do not see it any more, who else decides."""
    application = mail.application
    if mail.by and _decides(mail.by, application):
        return [mail.by]
    team = application.job.hiring_team.all() if application.job else User.objects.none()
    recruiters = User.objects.filter(groups__name=Role.RECRUITER, is_active=True)
    return _deciding(team, application) or _deciding(recruiters, application)


def _deciding(users: Iterable[User], application: Application) -> list[User]:
    return [user for user in users if _decides(user, application)]


def _decides(user: User, application: Application) -> bool:
    seen = access.applications(user).filter(pk=application.pk)
    return user.is_active and access.may_decide(user) and seen.exists()


def _message(user: User, application: Application) -> EmailMessage:
    path = reverse("hr:application", args=[application.pk])
    with translation.override(settings.LANGUAGE_CODE):
        text = render_to_string("mail/returned.txt", {"url": f"{settings.ATS_SITE_URL}{path}"})
        subject, body = parts(text)
    return EmailMessage(subject=subject, body=body, to=[user.email])
