"""The privacy policy as code: for the privacy officer, whether each promise holds now."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from candidates import access, policy
from candidates.access import Role
from candidates.policy import record
from candidates.views.page import page

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@require_safe
@access.allow(Role.PRIVACY_OFFICER)
def clauses(request: HttpRequest) -> HttpResponse:
    results = policy.check(timezone.now())
    parts = [
        (part, [result for result in results if result.clause.part == part]) for part in policy.Part
    ]
    broken = sum(not result.holds for result in results)
    context = {"parts": parts, "broken": broken, "total": len(results)}
    return page(request, "hr/policy.html", context, section="policy")


@require_safe
@access.allow(Role.PRIVACY_OFFICER)
def processing(request: HttpRequest) -> HttpResponse:
    """Download the record of processing activities (Art. 30 GDPR)."""
    name = _("record-of-processing.docx")
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(record.document(timezone.now()), content_type=DOCX, headers=disposition)
