"""The jobs for machines: RSS 2.0, which job boards and readers take, and the sitemap."""

import re
from collections.abc import Iterable
from datetime import datetime, time
from xml.etree import ElementTree as ET

from django.conf import settings
from django.urls import reverse
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import override

from candidates import retention
from candidates.models import Job
from candidates.templatetags.halbjahr import markdown

from . import pay, posting

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
#: What XML 1.0 cannot hold.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def absolute(path: str) -> str:
    return f"{settings.ATS_SITE_URL}{path}"


def rss(jobs: Iterable[Job], *, language: str) -> str:
    """Return the jobs as RSS 2.0: what each offers, then its text; itself in `language`."""
    name = settings.ATS_OPERATOR["name"]
    with override(language):
        feed = Rss201rev2Feed(
            title=writable(_("Open positions at %(name)s") % {"name": name}),
            link=absolute(reverse("careers:jobs")),
            description=writable(_("Every position that takes applications now.")),
            language=language,
            feed_url=absolute(reverse("careers:feed")),
        )
    for job in jobs:
        _add(feed, job)
    return feed.writeString("utf-8")


def _add(feed: Rss201rev2Feed, job: Job) -> None:
    """Add a job in its own language."""
    link = absolute(job.get_absolute_url())
    with override(job.language):
        feed.add_item(
            title=writable(job.title),
            link=link,
            description=writable(_facts(job) + markdown(job.description)),
            unique_id=link,
            categories=[writable(each) for each in (job.team, str(job.get_kind_display()))],
            pubdate=_morning(job),
        )


def _facts(job: Job) -> SafeString:
    lines = [job.place, str(job.get_kind_display()), pay.in_words(job)]
    lines += [posting.remote(job)] if job.is_remote else []
    inside = format_html_join(SafeString("<br>"), "{}", ((line,) for line in lines if line))
    return format_html("<p>{}</p>", inside)


def _morning(job: Job) -> datetime | None:
    """Return the first moment of the day on which it was published."""
    if job.published_on is None:
        return None
    return datetime.combine(job.published_on, time.min, tzinfo=retention.zone())


def writable(text: str) -> str:
    return UNWRITABLE.sub("", text)


def sitemap(jobs: Iterable[Job]) -> bytes:
    """Return the addresses that search engines may show, a job's with the day of its publishing."""
    ET.register_namespace("", SITEMAP)
    root = ET.Element(f"{{{SITEMAP}}}urlset")
    for name in ("careers:jobs", "careers:speculative"):
        _locate(root, reverse(name))
    for job in jobs:
        day = job.published_on
        _locate(root, job.get_absolute_url(), lastmod=day.isoformat() if day else "")
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _locate(root: ET.Element, path: str, *, lastmod: str = "") -> None:
    url = ET.SubElement(root, f"{{{SITEMAP}}}url")
    ET.SubElement(url, f"{{{SITEMAP}}}loc").text = absolute(path)
    if lastmod:
        ET.SubElement(url, f"{{{SITEMAP}}}lastmod").text = lastmod
