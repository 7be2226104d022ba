"""Writing to an applicant from the page of the application, by hand or from a template."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from candidates import access, mail, writing
from candidates.forms.letters import LetterForm
from candidates.mail import Text
from candidates.models import Application, Mail
from candidates.views.page import act, back, dialog, is_preview, sent

#: How a subject begins that answers another.
ANSWERING = ("re:", "aw:", "antw:")
#: Curly brackets are ours: in what somebody wrote they become round ones.
ROUND = str.maketrans("{}", "()")


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = access.get_application(request, pk, may="decide")
    user, now, preview = access.person(request), timezone.now(), is_preview(request)
    answered = _answered(request, application)
    form = LetterForm(
        sent(request),
        applications=[application],
        purpose=Mail.Purpose.MESSAGE,
        by=user,
        is_preview=preview,
        first=Text(_subject(answered), "") if answered else None,
    )

    def do(values: dict[str, Any]) -> HttpResponse:
        writing.write(application, text=values["letter"], by=user, now=now, answers=answered)
        return back(request, application, _("The mail is on its way."))

    heading = _("Answer %(name)s") if answered else _("Write to %(name)s")
    about: dict[str, Any] = {"answered": answered, "is_secret": mail.is_secret(application)}
    draw = dialog(request, "hr/write.html", application, heading=heading, form=form, **about)
    return draw(200) if preview else act(request, form, draw=draw, do=do)


def _answered(request: HttpRequest, application: Application) -> Mail | None:
    """Return the mail of the applicant that is to be answered, if one is named."""
    asked = request.GET.get("answers")
    if asked is None:
        return None
    if not (asked.isdecimal() and len(asked) < 20):
        raise Http404
    return get_object_or_404(application.mails, pk=asked, purpose=Mail.Purpose.REPLY)


def _subject(answered: Mail) -> str:
    subject = answered.subject.translate(ROUND)
    if not subject or subject.lower().startswith(ANSWERING):
        return subject
    return _("Re: %(subject)s") % {"subject": subject}
