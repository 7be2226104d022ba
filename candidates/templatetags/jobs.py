"""What the pages of one job share: the way from one to the other."""

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from candidates import access
from candidates.access import Role
from candidates.models import Job, User

register = template.Library()


@register.inclusion_tag("hr/_job_tabs.html", takes_context=True)
def job_tabs(context: dict[str, Any], job: Job, here: str) -> dict[str, Any]:
    """Show the pages of a job that the person may open; `here` is the name of this one's."""
    user: User = context["user"]
    deciders, recruiter = access.DECIDERS, (Role.RECRUITER,)
    pages = (
        ("board", _("Board"), access.READERS),
        ("list", _("List"), access.READERS),
        ("edit_job", _("Advert"), recruiter),
        ("preview_job", _("Advert"), () if access.may_edit_jobs(user) else access.READERS),
        ("stages", _("Stages"), deciders),
        ("criteria", _("Criteria"), deciders),
        ("hiring_team", _("Hiring team"), access.READERS),
    )
    mine = [(name, label, _url(name, job)) for name, label, who in pages if access.has(user, *who)]
    return {"tabs": [tab for tab in mine if tab[2]], "here": here, "job": job}


def _url(name: str, job: Job) -> str:
    """Return a page's address, or "" where it is not there."""
    if name == "list":
        return reverse("hr:applications", query={"job": job.slug})
    try:
        return reverse(f"hr:{name}", args=[job.slug])
    except NoReverseMatch:
        return ""
