"""The mails that no application could be made of: a recruiter looks at them."""

from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.db.models import BinaryField
from django.db.models.functions import Substr
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from candidates import access, intake, paging, retention
from candidates.access import Role
from candidates.forms.hr import AdoptForm
from candidates.intake import headers, strays
from candidates.models import Job, StrayMail, User
from candidates.pipeline import ChangeNotAllowed
from candidates.views.page import page, sent

#: How much of each mail a list reads, in bytes: enough for its headers.
HEAD = 16 * 1024
SECTION = "mail"


class Face(NamedTuple):
    """What a list shows of a mail."""

    stray: StrayMail
    sender: str
    subject: str


@require_safe
@access.allow(Role.RECRUITER)
def mails(request: HttpRequest) -> HttpResponse:
    waiting = StrayMail.objects.all()
    found = paging.cut(
        waiting.defer("raw").annotate(head=Substr("raw", 1, HEAD, output_field=BinaryField())),
        order=("-received_at", "-id"),
        scope=waiting,
        query=request.GET,
    )
    user = access.person(request)
    faces = [
        _face(stray, head)
        for stray in found.rows
        if not _is_by(user, head := bytes(stray.head))  # type: ignore[attr-defined]
    ]
    context = {"page": found, "faces": faces, "days": strays.KEPT.days}
    return page(request, "hr/mails.html", context, section=SECTION)


@require_safe
@access.allow(Role.RECRUITER)
def mail(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _draw(request, _stray(request, pk), _form(request))


@require_POST
@access.allow(Role.RECRUITER)
def take(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make an application of a mail, for a job or for none."""
    stray, form = _stray(request, pk), _form(request)
    access.check_named(request, "job")
    if not form.is_valid():
        return _draw(request, stray, form, status=422)
    try:
        made = intake.adopt(stray, job=form.cleaned_data["job"], now=timezone.now())
    except ChangeNotAllowed as refusal:
        return _draw(request, stray, form, error=str(refusal), status=409)
    messages.success(request, _("The mail is an application now. Its sender has the receipt."))
    if access.applications(access.person(request)).filter(pk=made.pk).exists():
        return redirect(made)
    return redirect("hr:mails")


@require_POST
@access.allow(Role.RECRUITER)
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    intake.discard(_stray(request, pk))
    messages.success(request, _("The mail is deleted."))
    return redirect("hr:mails")


def _stray(request: HttpRequest, pk: UUID) -> StrayMail:
    """Return a mail that waits. Raises Http404 for one's own: it may be one's application."""
    stray = get_object_or_404(StrayMail, pk=pk)
    if _is_by(access.person(request), bytes(stray.raw)):
        raise Http404
    return stray


def _is_by(user: User, raw: bytes) -> bool:
    """Whether a mail comes from this user, as far as its headers tell."""
    sender = headers.sender(headers.only(raw))
    return sender is not None and sender.address.casefold() == user.email.casefold()


def _form(request: HttpRequest) -> AdoptForm:
    taking = Job.objects.taking(retention.local_date(timezone.now()))
    jobs = access.jobs(access.person(request)).filter(pk__in=taking)
    return AdoptForm(sent(request), jobs=jobs)


def _draw(
    request: HttpRequest, stray: StrayMail, form: AdoptForm, *, error: str = "", status: int = 200
) -> HttpResponse:
    letter = strays.letter(stray)
    context = {
        "stray": stray,
        "face": _face(stray, bytes(stray.raw)),
        "text": letter.text if letter else "",
        "files": [each.name or _("without a name") for each in letter.files] if letter else [],
        "may_adopt": bool(letter) and strays.may_be_adopted(stray),
        "goes_on": stray.received_at + strays.KEPT,
        "form": form,
        "error": error,
        "address": reverse("hr:mail", args=[stray.pk]),  # also where a refusal is drawn
    }
    return page(request, "hr/mail.html", context, section=SECTION, status=status)


def _face(stray: StrayMail, raw: bytes) -> Face:
    """Return what the headers of a mail say, as far as anybody can read them."""
    message = headers.only(raw)
    sender = headers.sender(message)
    shown = " ".join(filter(None, [sender.name, sender.address])) if sender else ""
    return Face(stray, shown, headers.text(message, "Subject"))
