"""The mail addresses that things here have: one mailbox, with what is meant after a plus.

`jobs+<slug>@…` takes applications for a job, `jobs+apply@…` speculative ones, and
`jobs+<token>@…` what an applicant replies to one of our mails. A token has `tokens.LENGTH`
letters and no slug has as many.
"""

from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _

from candidates.models import Job

#: What stands for no job.
SPECULATIVE = "apply"


def of_job(job: Job | None) -> str:
    """Return the address for applications to a job, or for speculative ones."""
    return tagged(job.slug if job else SPECULATIVE)


def mailto(job: Job | None) -> str:
    """Return the link that opens a mail to apply with, its subject in the language in force."""
    subject = (
        _("Application: %(title)s") % {"title": job.title}
        if job
        else _("Application without a position")
    )
    return f"mailto:{quote(of_job(job), safe='@+')}?subject={quote(subject, safe='')}"


def tagged(tag: str) -> str:
    """Return our address with a tag: a slug or a token."""
    name, _at, host = settings.ATS_MAIL_ADDRESS.rpartition("@")
    return f"{name}+{tag}@{host}"


def tag(address: str) -> str | None:
    """Return the tag of an address of ours ("" without one), or None if it is not ours."""
    name, _at, host = settings.ATS_MAIL_ADDRESS.lower().rpartition("@")
    local, _at, domain = address.strip().lower().rpartition("@")
    base, _plus, tag = local.partition("+")
    return tag if (base, domain) == (name, host) else None
