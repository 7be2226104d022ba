"""Entering an application that came on paper, by a referral or from an agency."""

from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_q.tasks import async_task

from candidates import access
from candidates.forms.adding import AddForm
from candidates.forms.files import Files, earlier, refusals
from candidates.models import Job
from candidates.pipeline import ChangeNotAllowed
from candidates.views.applying import browser, desk
from candidates.views.page import page
from storage import uploads


@dataclass
class Sheet:
    """What the page shows, in the words of the application form's fragments."""

    form: AddForm
    files: Files

    @property
    def faults(self) -> int:
        return len(self.form.errors) + len(self.files.troubles)

    @property
    def status(self) -> int:
        if self.files.down and not self.files.news:
            return 503
        return 422 if self.faults else 200


@require_http_methods(["GET", "HEAD", "POST"])
@access.allow(*access.DECIDERS)
def add(request: HttpRequest) -> HttpResponse:
    """Show the form, or enter what it holds. What is wrong is told in it; nothing is lost."""
    by, now = access.person(request), timezone.now()
    access.check_named(request, "job")
    jobs = access.jobs(by).filter(pk__in=Job.objects.published()).order_by("title", "pk")
    if request.method != "POST":
        start = {"job": request.GET.get("job", "")}
        return _draw(request, Sheet(AddForm(jobs=jobs, by=by, now=now, initial=start), Files()))
    form = AddForm(request.POST, jobs=jobs, by=by, now=now)
    files = desk(request, now=now)
    if {"remove", "add"} & request.POST.keys():  # nobody looks for faults yet
        kept = AddForm(jobs=jobs, by=by, now=now, initial=_typed(form))
        return _draw(request, Sheet(kept, files))
    return _hand_in(request, Sheet(form, files))


def _typed(form: AddForm) -> dict[str, object]:
    """Return what was typed, as far as a page can show it, and the form's number."""
    typed = {name: field.bound_data(form.data.get(name), "") for name, field in form.fields.items()}
    return {**typed, "submission": form.submission}


def _hand_in(request: HttpRequest, sheet: Sheet) -> HttpResponse:
    if sheet.faults:
        return _draw(request, sheet)
    session = browser(request, start=False)
    ids = [attachment.pk for attachment in sheet.files.kept]
    try:
        made = sheet.form.enter(ids, session=session)
    except ChangeNotAllowed as refusal:
        sheet.form.add_error(None, str(refusal))
        return _draw(request, sheet, status=409)
    except uploads.UploadGone:
        sheet.files = earlier(map(str, ids), session=session, now=sheet.form.now)
        return _draw(request, sheet)
    if ids:
        # The minutely schedule would do it otherwise.
        transaction.on_commit(_prepare, robust=True)
    messages.success(request, _("The application is entered. Its person gets the notice by mail."))
    return redirect(made)


def _prepare() -> None:
    async_task("candidates.tasks.prepare_attachments")


def _draw(request: HttpRequest, sheet: Sheet, *, status: int | None = None) -> HttpResponse:
    context = {
        "sheet": sheet,
        "form": sheet.form,
        "files": sheet.files,
        "refusals": refusals(),
        "action": reverse("hr:add_application"),
        "by_hand": True,
    }
    return page(
        request, "hr/add.html", context, section="applications", status=status or sheet.status
    )
