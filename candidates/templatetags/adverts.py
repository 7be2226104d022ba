"""What the pages of jobs say of one: its pay, its first words, and itself for search engines."""

from html import unescape

from django import template
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from candidates import addresses
from candidates.adverts import pay as pays
from candidates.adverts import posting as postings
from candidates.models import Job

from .halbjahr import markdown

register = template.Library()
#: As much as search engines and networks show of a page.
SUMMARY = 200


@register.filter
def pay(job: Job) -> str:
    return pays.in_words(job)


@register.filter
def remote(job: Job) -> str:
    return postings.remote(job)


@register.filter
def summary(job: Job) -> str:
    """Return how a job's text begins, on one line, without headings."""
    text = " ".join(line for line in job.description.splitlines() if not line.startswith("#"))
    plain = unescape(strip_tags(markdown(text)))
    return Truncator(" ".join(plain.split())).chars(SUMMARY)


@register.simple_tag
def posting(job: Job) -> SafeString:
    """Return a job's structured data, or nothing if something required is not known."""
    data = postings.of(job)
    return postings.script(data) if data else SafeString("")


@register.simple_tag
def mailto(job: Job | None = None) -> str:
    """Return the link that opens a mail to apply with."""
    return addresses.mailto(job)


@register.simple_tag
def mail_address(job: Job | None = None) -> str:
    return addresses.of_job(job)
