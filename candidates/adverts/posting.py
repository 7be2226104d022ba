"""A job as JobPosting structured data, as Google's documentation has it: see docs/jobposting.md.

Only what is true and known. Where something that is required is not known, there is none.
"""

import json
import re
from datetime import datetime, time
from functools import cache
from typing import Any

from babel import Locale
from babel.numbers import list_currencies
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from candidates import retention
from candidates.models import Job
from candidates.templatetags.halbjahr import markdown

Data = dict[str, Any]

#: Google's words for employment; vocational training is none of the others.
EMPLOYMENT: dict[str, list[str]] = {
    Job.Kind.FULL_TIME: ["FULL_TIME"],
    Job.Kind.PART_TIME: ["PART_TIME"],
    Job.Kind.EITHER: ["FULL_TIME", "PART_TIME"],
    Job.Kind.TRAINEE: ["OTHER"],
}
UNIT = {Job.PayPeriod.HOUR: "HOUR", Job.PayPeriod.MONTH: "MONTH", Job.PayPeriod.YEAR: "YEAR"}

#: Codes that CLDR names and ISO 3166-1 does not assign to a country.
NO_COUNTRY = re.compile("AC|CP|CQ|DG|EA|EU|EZ|IC|QO|TA|UN|XA|XB|XK|ZZ")
#: As Django's `json_script`: nothing in it ends the element or begins another.
ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&\u2028\u2029"}


@cache
def countries() -> frozenset[str]:
    """Return the codes of ISO 3166-1, two letters each."""
    codes = (str(code) for code in Locale.parse("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and not NO_COUNTRY.match(code))


def of(job: Job) -> Data | None:
    """Return a job's data, or None if something that is required is not known."""
    where = _remote(job) | _place(job)
    if not (job.published_on and where and job.description.strip()):
        return None
    return {
        "@context": "https://schema.org/",
        "@type": "JobPosting",
        "title": job.title,
        "description": description(job),
        "identifier": _identifier(job),
        "datePosted": job.published_on.isoformat(),
        "hiringOrganization": _organization(),
        "employmentType": EMPLOYMENT[job.kind],
        "directApply": True,
        **where,
        **_pay(job),
        **_end(job),
    }


def script(data: Data) -> SafeString:
    """Return data as an element that no browser runs, so that the strict CSP lets it be."""
    text = json.dumps(data, ensure_ascii=False).translate(ESCAPES)
    return format_html('<script type="application/ld+json">{}</script>', SafeString(text))


def description(job: Job) -> str:
    """Return the text as HTML; Google asks that it say that a job is remote if it is."""
    html = str(markdown(job.description))
    with override(job.language):
        return html + format_html("<p>{}</p>", remote(job)) if job.is_remote else html


def remote(job: Job) -> str:
    """Return in the language in force from where the work can be done."""
    names = Locale.parse((get_language() or "de")[:2]).territories
    if job.country not in countries():
        return _("All of the work can be done remotely.")
    return _("All of the work can be done remotely, from anywhere in %(country)s.") % {
        "country": names[job.country]
    }


def _identifier(job: Job) -> Data:
    return {"@type": "PropertyValue", "name": settings.ATS_OPERATOR["name"], "value": job.slug}


def _organization() -> Data:
    logo = {"logo": settings.ATS_SITE_URL + reverse("logo")} if settings.ATS_LOGO else {}
    return {"@type": "Organization", "name": settings.ATS_OPERATOR["name"], **logo}


def _place(job: Job) -> Data:
    """Return where people work; without a town and a country search engines cannot say it."""
    if not job.locality or job.country not in countries():
        return {}
    lines = {"streetAddress": job.street, "postalCode": job.postal_code}
    address = {
        "@type": "PostalAddress",
        **{name: line for name, line in lines.items() if line},
        "addressLocality": job.locality,
        "addressCountry": job.country,
    }
    return {"jobLocation": {"@type": "Place", "address": address}}


def _remote(job: Job) -> Data:
    if not job.is_remote or job.country not in countries():
        return {}
    return {
        "jobLocationType": "TELECOMMUTE",
        "applicantLocationRequirements": {"@type": "Country", "name": job.country},
    }


def _pay(job: Job) -> Data:
    """Return what it pays, if both ends of the range are known."""
    low, high = job.pay_from, job.pay_to
    if low is None or high is None or job.pay_currency not in list_currencies():
        return {}
    amount = {"value": low} if low == high else {"minValue": low, "maxValue": high}
    value = {
        "@type": "QuantitativeValue",
        **amount,
        "unitText": UNIT[Job.PayPeriod(job.pay_period)],
    }
    salary = {"@type": "MonetaryAmount", "currency": job.pay_currency, "value": value}
    return {"baseSalary": salary}


def _end(job: Job) -> Data:
    """Return the last second of the last day, as a time with its distance from UTC."""
    if job.apply_until is None:
        return {}
    last = datetime.combine(job.apply_until, time(23, 59, 59), tzinfo=retention.zone())
    return {"validThrough": last.isoformat()}
