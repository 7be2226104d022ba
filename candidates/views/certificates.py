"""Certificates of deletion: for the privacy officer, and checking one for whoever has it."""

from http import HTTPStatus

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from candidates import access, certificates
from candidates.access import Role
from candidates.certificates.drawing import facts, pdf
from candidates.certificates.statement import LONGEST
from candidates.models import LedgerLine


class VerifyForm(forms.Form):
    text = forms.CharField(
        label=_("Certificate"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": _("Paste the certificate here.")},
    )

    def clean_text(self) -> certificates.Certificate:
        try:
            return certificates.verify(self.cleaned_data["text"])
        except certificates.NotACertificate as error:
            raise forms.ValidationError(str(error)) from error


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Say whether what was pasted is a certificate of ours. Nothing of it is kept."""
    form = VerifyForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "public_key": certificates.public_key()}
    if not form.is_bound:
        return render(request, "careers/verify.html", context)
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "careers/verify.html", context, status=status)
    certificate = form.cleaned_data["text"]
    found = {"certificate": certificate, "facts": facts(certificate)}
    return render(request, "careers/verify.html", context | found)


@require_safe
@access.allow(Role.PRIVACY_OFFICER)
def as_pdf(request: HttpRequest, sequence: int) -> HttpResponse:
    content = pdf(_of(sequence), get_language() or "de")
    return _file(content, f"halbjahr-{sequence}.pdf", "application/pdf")


@require_safe
@access.allow(Role.PRIVACY_OFFICER)
def as_json(request: HttpRequest, sequence: int) -> HttpResponse:
    return _file(_of(sequence).json().encode(), f"halbjahr-{sequence}.json", "application/json")


def _of(sequence: int) -> certificates.Certificate:
    """Return the certificate of a line; a line that can have none yet is not found."""
    certifiable = LedgerLine.objects.filter(is_proven=True).exclude(kind=LedgerLine.Kind.PROOF)
    return certificates.compose(get_object_or_404(certifiable, sequence=sequence))


def _file(content: bytes, name: str, content_type: str) -> HttpResponse:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=disposition)
