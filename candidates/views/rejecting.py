"""Rejecting one application or several, and taking a rejection back unseen."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from candidates import access, pipeline
from candidates.forms.bulk import ChosenForm
from candidates.forms.rejecting import RejectForm
from candidates.models import Application, User
from candidates.pipeline import ChangeNotAllowed
from candidates.status import Status
from candidates.views import application as application_page
from candidates.views.bulk import left, missed, origin
from candidates.views.page import Draw, act, back, dialog, is_preview, page, sent, whole
from candidates.views.verbs import as_closed

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@form_methods
def reject(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = access.get_application(request, pk, may="decide")
    user, now = access.person(request), timezone.now()
    closed = as_closed(application, Status.REJECTED, now)
    preview = is_preview(request)
    form = RejectForm(sent(request), applications=[closed], by=user, now=now, is_preview=preview)

    def do(values: dict[str, Any]) -> HttpResponse:
        pipeline.reject(
            application,
            by=user,
            reason=values["reason"],
            now=now,
            mail_at=values["mail_at"],
            text=form.texts.get(application.language),
        )
        return back(request, application, _("The application is rejected."))

    heading = _("Reject %(name)s")
    draw = dialog(request, "hr/reject.html", application, heading=heading, form=form, closed=closed)
    return draw(200) if preview else act(request, form, draw=draw, do=do)


@require_POST
def undo_rejection(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = access.get_application(request, pk, may="decide")
    try:
        pipeline.undo(application, by=access.person(request), now=timezone.now())
    except ChangeNotAllowed as refusal:
        now = access.get_application(request, pk)
        return application_page.draw(request, now, error=str(refusal), status=409)
    return back(request, application, _("The rejection is undone. The applicant noticed nothing."))


# Several -----------------------------------------------------------------------------------


@form_methods
@access.allow(*access.DECIDERS)
def bulk_reject(request: HttpRequest) -> HttpResponse:
    """Ask why and by which mail, and reject what was chosen on a board or in a list."""
    user, now = access.person(request), timezone.now()
    chosen = ChosenForm(request.POST, seen=access.applications(user))
    chosen.is_valid()
    if not chosen.rows:
        messages.info(request, _("Choose the applications that you want to reject first."))
        return whole(request, redirect(origin(request)))
    is_sent = "when" in request.POST
    form = RejectForm(
        request.POST if is_sent else None,
        applications=[as_closed(each, Status.REJECTED, now) for each in chosen.rows],
        by=user,
        now=now,
        is_preview=is_preview(request),
    )
    draw = _draw(request, chosen, form, is_sent=is_sent)
    if not is_sent or is_preview(request):
        return draw(200)
    if not all([form.is_valid(), chosen.is_valid()]):
        return draw(422)
    late = _reject_all(chosen, form, user, now)
    if rows := left(late):
        again = _again(request, rows, by=user, now=now)
        said = _said(chosen.number - len(late))
        return _draw(request, *again, late=late, said=said, is_sent=True)(409)
    return _told(request, chosen, form, late)


def _said(number: int) -> str:
    said = ngettext("%(n)d application is rejected.", "%(n)d applications are rejected.", number)
    return said % {"n": number}


def _again(
    request: HttpRequest, rows: list[Application], *, by: User, now: datetime
) -> tuple[ChosenForm, RejectForm]:
    """Return the forms as they were typed, for those that are still open, as they are now."""
    data = request.POST.copy()
    data.setlist("chosen", [f"{row.pk}:{row.stage_id or ''}" for row in rows])
    chosen = ChosenForm(data, seen=access.applications(by))
    form = RejectForm(
        data,
        applications=[as_closed(row, Status.REJECTED, now) for row in rows],
        by=by,
        now=now,
        is_preview=False,
    )
    chosen.is_valid()
    form.is_valid()
    return chosen, form


def _draw(
    request: HttpRequest,
    chosen: ChosenForm,
    form: RejectForm,
    *,
    is_sent: bool,
    late: Sequence[Application] = (),
    said: str = "",
) -> Draw:
    heading = ngettext("Reject %(n)d application", "Reject %(n)d applications", chosen.number)
    context = {
        "record": {"name": _("Applications")},
        "heading": heading % {"n": chosen.number},
        "form": form,
        "chosen": chosen,
        "picked": chosen.cleaned_data["chosen"],
        "closed": form.letters[0].sample,
        "away": origin(request),
        "late": late,
        "said": said,
        "is_sent": is_sent and not is_preview(request),
    }

    def draw(status: int) -> HttpResponse:
        return page(request, "hr/reject_all.html", context, section="applications", status=status)

    return draw


def _reject_all(
    chosen: ChosenForm, form: RejectForm, user: User, now: datetime
) -> list[Application]:
    """Reject each by itself, so that one that cannot be rejected keeps none of the others.

    Return those that somebody else was faster with, as they are now, each with what happened.
    """
    refused: dict[UUID, str] = {}
    for application, seen in chosen.cleaned_data["chosen"]:
        try:
            pipeline.reject_unmoved(
                application,
                seen=seen,
                by=user,
                reason=form.cleaned_data["reason"],
                now=now,
                mail_at=form.cleaned_data["mail_at"],
                text=form.texts.get(application.language),
            )
        except ChangeNotAllowed as refusal:
            refused[application.pk] = str(refusal)
    return missed(refused, chosen.cleaned_data["chosen"], by=user, now=now)


def _told(
    request: HttpRequest, chosen: ChosenForm, form: RejectForm, late: list[Application]
) -> HttpResponse:
    """Say what was done. Names stand on a page and in no message, which is a cookie."""
    away, said = origin(request), _said(chosen.number - len(late))
    if not late:
        messages.success(request, said)
        return whole(request, redirect(away))
    context = {
        "said": said,
        "late": late,
        "reason": form.cleaned_data["reason"],
        "away": away,
    }
    return page(request, "hr/rejected.html", context, section="applications", status=409)
