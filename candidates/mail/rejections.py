"""Rejections of which their applicants cannot know yet."""

from candidates.models import Application, Mail


def is_secret(application: Application) -> bool:
    """Whether a rejection has been decided that its applicant cannot know of yet."""
    return application.mails.filter(purpose=Mail.Purpose.REJECTION).untried().exists()


def take_back_rejection(application: Application) -> bool:
    """Delete the rejection that has not gone. Return whether the applicant cannot know of it.

    The caller holds the application's lock. A mail that was tried may have arrived, whatever the
    server said; it is not sent again, but the applicant counts as told. So does one without a
    mail, who was told in person.
    """
    pending = application.mails.filter(purpose=Mail.Purpose.REJECTION).unsent()
    untried, _ = pending.untried().delete()
    pending.delete()
    return untried > 0
