"""The list as a file: what the filters let through, in its order, on all of its pages."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from candidates import access, exports
from candidates.forms.filters import FilterForm

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@require_safe
@access.allow(*access.READERS)
def export(request: HttpRequest, ending: str) -> HttpResponseBase:
    """Answer with the file, or with the list and why there is none: never with a part of it."""
    if ending not in TYPES:
        raise Http404
    user, now = access.person(request), timezone.now()
    form = FilterForm.of(request.GET, user)
    if form.ignored():
        return _instead(request, "")  # the list says which filter it does not know
    rows = form.narrow(access.applications(user), now=now)
    if rows.order_by().values("pk")[: exports.MOST + 1].count() > exports.MOST:
        return _instead(request, _too_many())
    ordered = rows.select_related("job", "stage").order_by(*form.sorting)
    lines = ordered.iterator(chunk_size=exports.CHUNK)
    language = (get_language() or "de")[:2]
    content = (
        exports.as_csv(lines, language=language) if ending == "csv" else exports.as_xlsx(lines)
    )
    response = StreamingHttpResponse(content, content_type=TYPES[ending])
    response["Content-Disposition"] = f'attachment; filename="{exports.name(ending, now)}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _too_many() -> str:
    return _(
        "A file takes %(most)s applications at most, and these are more. Narrow the list, for "
        "instance to one job or one month, and export it in parts."
    ) % {"most": number_format(exports.MOST, force_grouping=True)}


def _instead(request: HttpRequest, said: str) -> HttpResponseRedirect:
    if said:
        messages.error(request, said)
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"{reverse('hr:applications')}{'?' if query else ''}{query}")
