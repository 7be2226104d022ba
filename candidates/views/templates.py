"""What is set up for mails and rejections: the templates, and the list of reasons.

Recruiters edit templates too: they write the mails, and see the applications to try them on. The
reasons are the administrator's alone, so that everybody rejects by the same ones.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from candidates import access
from candidates import reasons as reason_list
from candidates.access import Role
from candidates.forms.templates import ReasonsForm, TemplateForm
from candidates.mail import placeholders
from candidates.mail.placeholders import Piece
from candidates.models import Application, Job, Mail, MailTemplate, Reason, User
from candidates.status import Status
from candidates.views.page import act, is_preview, page, sent, whole
from candidates.views.verbs import as_closed

EDITORS = (Role.ADMINISTRATOR, Role.RECRUITER)
form_methods = require_http_methods(["GET", "HEAD", "POST"])
#: Applications that a template can be tried on.
SAMPLES = 12


@require_safe
@access.allow(*EDITORS)
def templates(request: HttpRequest) -> HttpResponse:
    may_set_reasons = access.has(access.person(request), Role.ADMINISTRATOR)
    context = {"templates": list(MailTemplate.objects.all()), "may_set_reasons": may_set_reasons}
    return page(request, "hr/templates.html", context, section="settings")


@form_methods
@access.allow(*EDITORS)
def new_template(request: HttpRequest) -> HttpResponse:
    language = request.LANGUAGE_CODE[:2]
    return _edit(request, MailTemplate(purpose=Mail.Purpose.REJECTION, language=language))


@form_methods
@access.allow(*EDITORS)
def template(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(MailTemplate, pk=pk))


def _edit(request: HttpRequest, template: MailTemplate) -> HttpResponse:
    user = access.person(request)
    form = TemplateForm(sent(request), instance=template)

    def draw(status: int) -> HttpResponse:
        context = {"form": form, "template": template, **_tried(request, form, user)}
        return page(request, "hr/template.html", context, section="settings", status=status)

    def do(values: dict[str, Any]) -> HttpResponse:
        form.save()
        messages.success(request, _("The template is saved."))
        return redirect("hr:templates")

    return draw(200) if is_preview(request) else act(request, form, draw=draw, do=do)


def _tried(request: HttpRequest, form: TemplateForm, user: User) -> dict[str, Any]:
    """Return the text as a real applicant would get it, and on whom else it can be tried."""
    language, purpose = str(form["language"].value()), Mail.Purpose(_purpose(form))
    samples = _samples(user, language)
    asked = request.POST.get("sample") or request.GET.get("sample")
    sample = next((each for each in samples if str(each.pk) == asked), None)
    sample = sample or next(iter(samples), None) or _nobody(language)
    if purpose == Mail.Purpose.REJECTION:
        sample = as_closed(sample, Status.REJECTED, timezone.now())
    known = placeholders.values(sample, purpose=purpose, by=user)
    preview: dict[str, list[Piece]] = {
        name: list(placeholders.pieces(str(form[name].value() or ""), known))
        for name in ("subject", "body")
    }
    return {"samples": samples, "sample": sample, "preview": preview}


def _purpose(form: TemplateForm) -> str:
    value = str(form["purpose"].value())
    return value if value in MailTemplate.PURPOSES else Mail.Purpose.REJECTION


def _samples(user: User, language: str) -> list[Application]:
    """Return the newest applications of a language that the user sees; an administrator none."""
    seen = access.applications(user).filter(language=language).select_related("job")
    return list(seen.order_by("-received_at", "-pk")[:SAMPLES])


def _nobody(language: str) -> Application:
    """Return an invented applicant, for those who see no real one."""
    words = {"de": ("Beispiel", "Beispielstelle"), "en": ("Example", "Example position")}
    last_name, title = words.get(language, words["en"])
    return Application(
        job=Job(title=title),
        first_name="Kim",
        last_name=last_name,
        language=language if language in words else "en",
        received_at=timezone.now(),
    )


@form_methods
@access.allow(*EDITORS)
def delete_template(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(MailTemplate, pk=pk)
    if request.method == "POST":
        found.delete()
        messages.success(request, _("The template is deleted. Mails that have gone stay."))
        return whole(request, redirect("hr:templates"))
    context = {"record": found, "heading": _("Delete “%(name)s”") % {"name": found.name}}
    context["away"] = found.get_absolute_url()
    return page(request, "hr/delete_template.html", context, section="settings")


@form_methods
@access.allow(Role.ADMINISTRATOR)
def reasons(request: HttpRequest) -> HttpResponse:
    there = "\n".join(Reason.objects.values_list("text", flat=True))
    form = ReasonsForm(sent(request), initial={"reasons": there})

    def draw(status: int) -> HttpResponse:
        return page(request, "hr/reasons.html", {"form": form}, section="settings", status=status)

    def do(values: dict[str, Any]) -> HttpResponse:
        reason_list.replace(values["reasons"])
        messages.success(request, _("The reasons are saved."))
        return redirect("hr:reasons")

    return act(request, form, draw=draw, do=do)
