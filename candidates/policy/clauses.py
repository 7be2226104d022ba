"""The clauses: a sentence each, the setting that its number comes from, and its check."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from candidates import legal
from candidates.templatetags.halbjahr import in_words
from storage.uploads import STAGED_FOR

from . import checks_data, checks_settings


class Part(TextChoices):
    """The headings of the notice, in their order."""

    RESPONSIBLE = "responsible", gettext_lazy("Who is responsible")
    STORED = "stored", gettext_lazy("What we store when you apply")
    BASIS = "basis", gettext_lazy("Why, and on what basis")
    READERS = "readers", gettext_lazy("Who reads it")
    TIME = "time", gettext_lazy("How long we keep it")
    TECHNICAL = "technical", gettext_lazy("Cookies and server logs")
    RIGHTS = "rights", gettext_lazy("Your rights")


@dataclass(frozen=True)
class Clause:
    """One promise.

    `sentence` is in the language in force; `points` are its list, if it has one. `check` returns
    "" if it holds at a moment, otherwise why not, as a sentence for the privacy officer.
    """

    name: str
    #: The number in the operator's privacy policy, where it stands.
    number: str
    part: Part
    sentence: Callable[[], str]
    check: Callable[[datetime], str]
    #: The settings that it comes from.
    settings: tuple[str, ...] = ()
    points: tuple[Promise, ...] = ()


# The sentences with numbers in them -----------------------------------------------------------


def _controller() -> str:
    return (
        _("%(name)s is responsible for your data: %(address)s, %(email)s.") % settings.ATS_OPERATOR
    )


def _officer() -> str:
    return _("Data protection officer: %s.") % settings.ATS_OPERATOR["data_protection_officer"]


def _basis() -> str:
    return _(
        "We process your data to decide on your application: %(basis)s. Our legitimate interest is"
        " to judge your suitability, to keep our work in order, and to answer claims from the"
        " procedure."
    ) % {"basis": legal.basis().label}


def _retention() -> str:
    months = settings.ATS_RETENTION_MONTHS
    return ngettext(
        "After a rejection or a withdrawal: one month at most, counted from that day.",
        "After a rejection or a withdrawal: %(words)s months at most, counted from that day.",
        months,
    ) % {"words": in_words(months)}


def _open() -> str:
    months = settings.ATS_OPEN_MONTHS
    return ngettext(
        "An application that has had no decision for one month is brought up every day until it"
        " has one.",
        "An application that has had no decision for %(words)s months is brought up every day"
        " until it has one.",
        months,
    ) % {"words": in_words(months)}


def _staged() -> str:
    hours = STAGED_FOR // timedelta(hours=1)
    return _("Files that you add to the form and do not send are erased after %(hours)d hours.") % {
        "hours": hours
    }


def _backups() -> str:
    days = settings.ATS_BACKUP_DAYS
    if not days:
        return _("We keep no backups that could still hold what was erased.")
    return ngettext(
        "Backups may hold what was erased for one day more. A backup that has to be used is"
        " cleared of it before anybody can read it.",
        "Backups may hold what was erased for %(days)d days more. A backup that has to be used is"
        " cleared of it before anybody can read it.",
        days,
    ) % {"days": days}


def _cookies() -> str:
    hours = settings.SESSION_COOKIE_AGE // 3600
    return _(
        "We use only cookies that these pages need: one against forged forms, one for the language"
        " that you choose, and, once you add a file, one that keeps the form and the file"
        " together, for %(hours)d hours at most. They end with your browser session. We count no"
        " visitors and load nothing from other servers."
    ) % {"hours": hours}


def _how_to_ask() -> str:
    return (
        _("Write to %(email)s or to the data protection officer. We answer within one month.")
        % settings.ATS_OPERATOR
    )


CLAUSES = (
    Clause(
        "controller",
        "1.2",
        Part.RESPONSIBLE,
        _controller,
        checks_settings.operator_is_complete,
        ("ATS_OPERATOR",),
    ),
    Clause(
        "officer",
        "1.2",
        Part.RESPONSIBLE,
        _officer,
        checks_data.somebody_is_privacy_officer,
        ("ATS_OPERATOR",),
    ),
    Clause(
        "fields",
        "2.3",
        Part.STORED,
        lambda: _(
            "Your first name, last name and e-mail address; without them we cannot answer you. If"
            " you give them to us, also your phone number and your documents. Then what happens to"
            " your application: when it came, its stages, our decision, and the mails that we sent"
            " you."
        ),
        checks_settings.form_has_exactly_these_fields,
    ),
    Clause(
        "special-categories",
        "2.3",
        Part.STORED,
        lambda: _(
            "We do not ask for a photo, your birth date, your gender, your origin, your beliefs or"
            " your health. If you tell us all the same, you do so freely and it has no effect on"
            " our decision."
        ),
        checks_settings.nothing_special_is_asked,
    ),
    Clause(
        "no-account",
        "2.3",
        Part.STORED,
        lambda: _("You need no account to apply."),
        checks_settings.form_is_open,
    ),
    Clause(
        "basis",
        "2.3",
        Part.BASIS,
        _basis,
        checks_data.each_application_has_its_basis,
        ("ATS_LEGAL_BASIS_BDSG", "ATS_POLICY_VERSION"),
    ),
    Clause(
        "decision",
        "2.3",
        Part.BASIS,
        lambda: _("A person decides on your application, never a machine alone."),
        checks_data.each_decision_is_a_persons,
    ),
    Clause(
        "recipients",
        "4",
        Part.READERS,
        lambda: _(
            "Our HR, the team that hires for the position, and those who run our servers and send"
            " our mails on our behalf and under our instructions."
        ),
        checks_data.every_reader_has_a_role,
    ),
    Clause(
        "nobody-else",
        "2.4, 2.6, 2.9",
        Part.READERS,
        lambda: _(
            "We sell nothing, we advertise with nothing, and we give your data to nobody else."
        ),
        checks_settings.pages_load_nothing_from_others,
    ),
    Clause(
        "retention",
        "2.3",
        Part.TIME,
        _retention,
        checks_data.nothing_is_kept_past_its_day,
        ("ATS_RETENTION_MONTHS",),
    ),
    Clause(
        "clock",
        "2.3",
        Part.TIME,
        lambda: _("No note, no mail and no other application prolongs this time."),
        checks_data.no_clock_is_longer_than_allowed,
        ("ATS_RETENTION_MONTHS",),
    ),
    Clause(
        "holds",
        "2.3",
        Part.TIME,
        lambda: _(
            "Only a reason that our data protection sets down, such as a legal dispute, or your own"
            " request for access or restriction may stop the erasure, for as long as it lasts."
        ),
        checks_data.holds_have_reason_and_end,
    ),
    Clause(
        "everywhere",
        "2.3",
        Part.TIME,
        lambda: _(
            "Then everything is erased: your data, every copy of your documents, and our mails."
        ),
        checks_data.no_object_outlives_its_row,
        ("ATS_STORAGE_URL",),
    ),
    Clause(
        "proof",
        "2.3",
        Part.TIME,
        lambda: _(
            "Each erasure is checked afterwards and recorded, without a word about who it was."
        ),
        checks_data.last_proofs_found_nothing,
    ),
    Clause(
        "backups",
        "2.3",
        Part.TIME,
        _backups,
        checks_data.ledger_is_outside_the_database,
        ("ATS_BACKUP_DAYS",),
    ),
    Clause(
        "open",
        "2.3",
        Part.TIME,
        _open,
        checks_data.no_open_application_is_forgotten,
        ("ATS_OPEN_MONTHS",),
    ),
    Clause("staged", "2.3", Part.TIME, _staged, checks_data.no_unsent_file_is_old),
    Clause(
        "hired",
        "2.3",
        Part.TIME,
        lambda: _(
            "If we hire you, what the employment needs becomes part of your personnel record. The"
            " rest of the application is erased as above."
        ),
        checks_data.no_record_of_someone_who_never_started_is_old,
    ),
    Clause("cookies", "2.5", Part.TECHNICAL, _cookies, checks_settings.cookies_are_short),
    Clause(
        "log",
        "2.1",
        Part.TECHNICAL,
        lambda: _(
            "For each page called our server notes time, page, the shortened IP address, the"
            " website that you came from, the number of bytes and the browser, to keep the service"
            " running (Art. 6(1)(f) GDPR). The IP address is shortened before it is written."
        ),
        checks_settings.access_log_has_no_full_address,
    ),
    Clause(
        "attacks",
        "2.10",
        Part.TECHNICAL,
        lambda: _(
            "To fend off attacks we count tries to log in, applications, files and requests for a"
            " link, under a code made from the IP address, for a few hours."
        ),
        checks_settings.limits_hold_across_processes,
        ("REDIS_URL",),
    ),
    Clause(
        "rights",
        "3",
        Part.RIGHTS,
        lambda: _("You may ask at any time, and it costs nothing:"),
        checks_data.no_request_is_late,
        points=(
            gettext_lazy("to see your data and get a copy (Art. 15 and 20 GDPR),"),
            gettext_lazy("to have it corrected (Art. 16) or erased (Art. 17),"),
            gettext_lazy("to have its processing restricted (Art. 18),"),
            gettext_lazy("to object to its processing (Art. 21)."),
        ),
    ),
    Clause(
        "asking",
        "3",
        Part.RIGHTS,
        _how_to_ask,
        checks_data.each_request_that_pauses_has_its_hold,
        ("ATS_OPERATOR",),
    ),
    Clause(
        "complaint",
        "3",
        Part.RIGHTS,
        lambda: _(
            "You may also complain to a supervisory authority for data protection, for instance"
            " that of the place where you live (Art. 77 GDPR)."
        ),
        checks_settings.notices_are_open,
    ),
)


def notice() -> list[tuple[Part, list[Clause]]]:
    """Return the clauses under their headings, as the privacy notice has them."""
    return [(part, [clause for clause in CLAUSES if clause.part == part]) for part in Part]
