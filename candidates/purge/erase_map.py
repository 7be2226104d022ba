"""The erase map: of every field of every table, how it goes, or why it may stay.

Nothing reads it to erase: it is the claim, and tests/candidates/test_erase_map.py holds the tables
against it. A field that is missing here fails that test, so nobody adds one without saying how it
goes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import AutoField, Model

APPLICATIONS = "candidates.purge.records.erase_applications"
RECORDS = "candidates.purge.records"
TRACES = "candidates.purge.traces.erase"


@dataclass(frozen=True)
class Goes:
    """Fields with data of a person: which function erases their rows, and when."""

    fields: str
    by: str
    when: str


@dataclass(frozen=True)
class Stays:
    """Fields without data of an applicant, and why that is so."""

    fields: str
    why: str


Entry = tuple[Goes | Stays, ...]

WITH_APPLICATION = "in the transaction that erases its application"
STAFF = "of those who work here, not of applicants; administrators delete their accounts"
OURS = "set by the system's own code or by administrators, never from an applicant's entries"
NUMBERS = "numbers, codes and moments of a job, without a person"

#: By the label of the model.
TABLES: dict[str, Entry] = {
    "candidates.Application": (
        Goes(
            "id submission job stage first_name last_name email phone language folded"
            " source introduced_by legal_basis policy_version received_at first_opened_at"
            " stage_since status decided_on delete_on early_at early restricted_at foreseen_on"
            " wants_certificate retention_months",
            APPLICATIONS,
            "on its deletion day, or when an ended hold or a granted request makes it due",
        ),
    ),
    "candidates.Event": (
        Goes("application kind at by detail reason", APPLICATIONS, WITH_APPLICATION),
    ),
    "candidates.Mail": (
        Goes(
            "application purpose language to subject body created_at send_at state attempts error"
            " sent_at by answers noted_at",
            APPLICATIONS,
            WITH_APPLICATION,
        ),
    ),
    "candidates.Hold": (
        Goes(
            "application kind reason set_by set_at until request reminded_at",
            APPLICATIONS,
            WITH_APPLICATION,
        ),
    ),
    "candidates.Request": (
        Goes(
            "id application kind state text received_at due_on registered_by decided_by decided_at"
            " confirmed_by answer",
            APPLICATIONS,
            WITH_APPLICATION,
        ),
    ),
    "candidates.AccessCopy": (
        Goes("request content released_at fetch_until fetched_at", APPLICATIONS, WITH_APPLICATION),
    ),
    "candidates.Note": (Goes("application by at text is_private", APPLICATIONS, WITH_APPLICATION),),
    "candidates.Mention": (Goes("note user seen_at", APPLICATIONS, WITH_APPLICATION),),
    "candidates.Scorecard": (Goes("application by at text", APPLICATIONS, WITH_APPLICATION),),
    "candidates.Grade": (Goes("scorecard criterion value", APPLICATIONS, WITH_APPLICATION),),
    "candidates.SeenMail": (Goes("digest application", APPLICATIONS, WITH_APPLICATION),),
    "candidates.Token": (
        Goes(
            "digest application purpose mail address created_at expires_at",
            APPLICATIONS,
            "in the transaction that erases its application; before that when it is replaced, used"
            " or over (candidates.tokens)",
        ),
    ),
    "candidates.StrayMail": (
        Goes(
            "id digest reason received_at raw",
            "candidates.intake.forget_strays",
            "when a person has dealt with it, after 30 days at the latest",
        ),
    ),
    "candidates.LostLink": (
        Goes("email language asked_at", "candidates.room.answer_lost", "within a minute"),
    ),
    "candidates.Tries": (Goes("digest count ends_at", "candidates.limits.forget", "within a day"),),
    "candidates.Read": (
        Goes(
            "application employee document by at",
            APPLICATIONS,
            "in the transaction that erases its application, or its employee's record",
        ),
    ),
    "candidates.CertificateMail": (
        Goes(
            "line to language keep_until attempts next_try_at error",
            "candidates.purge.census.ending_certificates",
            "when the mail server has taken the certificate, at the end of the deletion day at"
            " the latest",
        ),
    ),
    "candidates.Employee": (
        Goes(
            "id personnel_number first_name last_name email phone job_title start_date application"
            " applied_on applied_as hired_at hired_by decided_on delete_on retention_months",
            f"{RECORDS}.erase_employees",
            "six months after a hire that was undone late; else by candidates.hiring.erase when"
            " it is handed over or its person has left",
        ),
    ),
    "storage.Attachment": (
        Goes(
            "id key application employee came_from name content_type size verdict created_at"
            " staged_by staged_until scanned_at scan_attempts next_scan_at finding quarantined_at"
            " applicant_told_at officer_told_at preparation prepare_after prepare_attempts"
            " view_key pages",
            "storage.erasure.bury",
            "with its owner; if never sent, after 24 hours (storage.uploads.clean_expired); if"
            " infected, after seven days (candidates.quarantine.erase); when its person removes it"
            " (candidates.room.remove)",
        ),
    ),
    "storage.Words": (
        Goes(
            "attachment text folded", "storage.erasure.bury", "in the transaction of its attachment"
        ),
    ),
    "storage.Page": (
        Goes(
            "attachment number image drawn_at",
            "storage.erasure.bury",
            "in the transaction of its attachment, and after a week (storage.preview.forget_pages)",
        ),
    ),
    "storage.Tombstone": (
        Goes(
            "key created_at breach_at attempts next_try_at not_before error",
            "storage.erasure.work",
            "once its object is proven gone",
        ),
    ),
    "sessions.Session": (
        Goes(
            "session_key session_data expire_date",
            TRACES,
            "with the record that it names; else when it is over, after 24 hours at most",
        ),
    ),
    "django_q.OrmQ": (
        Goes("key payload lock", TRACES, "when it has run, and with the record that it names"),
    ),
    "django_q.Task": (
        Goes(
            "id name func hook args kwargs result group cluster started stopped success"
            " attempt_count",
            TRACES,
            "with the record that it names; failures name nobody (candidates.tasks.nameless)",
        ),
    ),
    "admin.LogEntry": (
        Goes(
            "action_time user content_type object_id object_repr action_flag change_message",
            TRACES,
            "with the record that it names; the admin has no model with applicants' data",
        ),
    ),
    "candidates.Confirmation": (
        Goes("day count by at reasons", "candidates.runs.forget_old", "after 400 days"),
    ),
    "candidates.LedgerLine": (
        Stays("record", "a hash that nobody can turn back without the key, of a random id"),
        Stays(
            "day kind rows objects_count rule policy_version written_at sequence previous hash"
            " is_copied is_proven proven_on",
            NUMBERS,
        ),
    ),
    "candidates.Run": (Stays("job state started_at ended_at numbers reasons", NUMBERS),),
    "candidates.Heartbeat": (Stays("name at", NUMBERS),),
    "candidates.Tally": (
        Stays("month job source stage outcome count", "numbers by month; groups under five hidden"),
    ),
    "candidates.Duration": (
        Stays("month job days count", "numbers by month; groups under five hidden"),
    ),
    "candidates.Job": (
        Stays(
            "slug title language team place street postal_code locality country is_remote kind"
            " description pay_from pay_to pay_currency pay_period answer_days is_published"
            " published_on apply_until is_confidential created_at",
            "what is advertised, by those who work here",
        ),
    ),
    "candidates.Stage": (Stays("job name position", OURS),),
    "candidates.Criterion": (Stays("job name position", OURS),),
    "candidates.MailTemplate": (Stays("name purpose language subject body", OURS),),
    "candidates.Reason": (Stays("text position", OURS),),
    "candidates.SavedView": (
        Stays("user name query", "filters of those who work here, without what they searched for"),
    ),
    "candidates.Job_hiring_team": (Stays("job user", STAFF),),
    "candidates.User": (
        Stays(
            "password last_login is_superuser first_name last_name is_staff is_active date_joined"
            " email",
            STAFF,
        ),
    ),
    "candidates.User_groups": (Stays("user group", STAFF),),
    "candidates.User_user_permissions": (Stays("user permission", STAFF),),
    "account.EmailAddress": (Stays("user email verified primary", STAFF),),
    "account.EmailConfirmation": (Stays("email_address created sent key", STAFF),),
    "mfa.Authenticator": (Stays("user type data created_at last_used_at", STAFF),),
    # What allauth would keep of log-ins elsewhere; we keep nothing, see ats/oidc.py.
    "socialaccount.SocialApp": (
        Stays("provider provider_id name client_id secret key settings", STAFF),
    ),
    "socialaccount.SocialAccount": (
        Stays("user provider uid last_login date_joined extra_data", STAFF),
    ),
    "socialaccount.SocialToken": (Stays("app account token token_secret expires_at", STAFF),),
    "auth.Permission": (Stays("name content_type codename", OURS),),
    "auth.Group": (Stays("name", OURS),),
    "auth.Group_permissions": (Stays("group permission", OURS),),
    "contenttypes.ContentType": (Stays("app_label model", OURS),),
    "django_q.Schedule": (
        Stays(
            "name func hook args kwargs schedule_type minutes repeats next_run cron task cluster"
            " intended_date_kwarg",
            OURS,
        ),
    ),
}

#: What is no table of ours.
ELSEWHERE = {
    "objects in storage": "storage.erasure.work: all versions, markers and unfinished uploads",
    "the database's own files": "SQLite: secure_delete; after each purge that erased something the"
    " file is written anew, and the write-ahead log emptied (storage.leftovers). PostgreSQL: the"
    " next vacuum of the table",
    "cache": "holds nothing of applicants; what is over goes every hour"
    " (candidates.purge.traces.forget_expired_cache)",
    "logs": "never get personal data (ats.logs, ats.middleware)",
    "temporary files": "gone with the request or the step that made them; what a killed one left"
    " goes after an hour (storage.uploads.clear_temporary, storage.bounded.clean)",
    "backups": "for ATS_BACKUP_DAYS; after a restore the ledger is replayed",
    "mails delivered": "are in the mailboxes of those who got them",
}


def fields(entry: Entry) -> list[str]:
    """Return the names of all fields that an entry speaks of."""
    return [name for part in entry for name in part.fields.split()]


def goes(entry: Entry) -> bool:
    """Whether rows of the table must go with the person that they are about."""
    return any(isinstance(part, Goes) for part in entry)


def gaps(models: Iterable[type[Model]], tables: Mapping[str, Entry] = TABLES) -> set[str]:
    """Return what the models have and the map has not, and the reverse, as `label.field`.

    A primary key that the database counts up says nothing; every other field must be there.
    """
    there = {
        f"{model._meta.label}.{field.name}"
        for model in models
        if not model._meta.proxy
        for field in model._meta.local_fields
        if not isinstance(field, AutoField)
    }
    mapped = {f"{label}.{name}" for label, entry in tables.items() for name in fields(entry)}
    return there ^ mapped
