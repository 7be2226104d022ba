"""`/metrics/`: the figures of the watch in Prometheus' text format, for who has the token."""

import math
from collections.abc import Iterable, Iterator
from hmac import compare_digest

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ats.views import WELL, storage_health
from candidates import watch
from candidates.watch import Gauge

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "halbjahr_"


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the figures; 404 unless a token is set, 401 without it."""
    if not settings.ATS_METRICS_TOKEN:
        raise Http404
    if not _is_allowed(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    return HttpResponse(_answer(), content_type=CONTENT_TYPE)


def _is_allowed(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    is_right = compare_digest(token.strip().encode(), settings.ATS_METRICS_TOKEN.encode())
    return is_right and scheme.lower() == "bearer"


def _answer() -> str:
    now, has_storage = timezone.now(), storage_health() == WELL
    wrong = watch.conditions(now, ask_storage=has_storage)
    storage = Gauge("storage_up", "1 while the storage answers", {"": float(has_storage)})
    return as_text([storage, *watch.gauges(now, wrong)])


def as_text(gauges: Iterable[Gauge]) -> str:
    """Return the text format, version 0.0.4, of https://prometheus.io/docs/instrumenting."""
    return "".join(f"{line}\n" for gauge in gauges for line in _lines(gauge))


def _lines(gauge: Gauge) -> Iterator[str]:
    name = PREFIX + gauge.name
    yield f"# HELP {name} {gauge.help}"
    yield f"# TYPE {name} gauge"
    for value, number in gauge.values.items():
        label = f'{{{gauge.label}="{value}"}}' if gauge.label else ""
        yield f"{name}{label} {_number(number)}"


def _number(number: float) -> str:
    return "+Inf" if number == math.inf else f"{number:g}" if number < 1e5 else str(round(number))
