"""What a job pays, in words (Directive (EU) 2023/970, Art. 5)."""

from babel.numbers import get_currency_name
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from candidates.models import Job


def in_words(job: Job) -> str:
    """Return the pay in the language in force: 62,000 to 78,000 euros a year; "" if not set."""
    low, high = job.pay_from, job.pay_to
    if low is None and high is None:
        return ""
    words = {
        "low": _figure(low),
        "high": _figure(high),
        "currency": _currency(job.pay_currency, high if high is not None else low),
        "period": job.get_pay_period_display(),
    }
    if low is None:
        return _("up to %(high)s %(currency)s %(period)s") % words
    if high is None:
        return _("from %(low)s %(currency)s %(period)s") % words
    if low == high:
        return _("%(low)s %(currency)s %(period)s") % words
    return _("%(low)s to %(high)s %(currency)s %(period)s") % words


def _figure(amount: int | None) -> str:
    return "" if amount is None else number_format(amount, force_grouping=True)


def _currency(code: str, amount: int | None) -> str:
    """Return a currency's name, or its code if nobody knows it."""
    return get_currency_name(code, count=amount, locale=(get_language() or "de")[:2])
