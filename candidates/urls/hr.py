"""The workspace, below /hr/."""

from datetime import date

from django.urls import path, register_converter

from candidates.views import (
    adding,
    application,
    applications,
    board,
    brake,
    bulk,
    certificates,
    copies,
    downloads,
    employees,
    exporting,
    handover,
    holds,
    job_edit,
    job_life,
    job_list,
    job_team,
    letters,
    notes,
    policy,
    reader,
    readlog,
    rejecting,
    requests,
    retention,
    saved,
    stages,
    strays,
    templates,
    today,
    trial,
    verbs,
)


class DayConverter:
    """A day as 2026-09-17; others are no address."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


register_converter(DayConverter, "day")

app_name = "hr"

urlpatterns = [
    path("", today.today, name="today"),
    path("jobs/", job_list.jobs, name="jobs"),
    path("jobs/new/", job_edit.new_job, name="new_job"),
    path("jobs/<slug:slug>/", board.board, name="board"),
    path("applications/", applications.applications, name="applications"),
    path("applications/add/", adding.add, name="add_application"),
    path("applications/export/<slug:ending>/", exporting.export, name="export"),
    path("views/", saved.save, name="save_view"),
    path("views/<int:pk>/delete/", saved.delete, name="delete_view"),
    path("jobs/<slug:slug>/stages/", stages.edit, name="stages"),
    path("jobs/<slug:slug>/edit/", job_edit.edit_job, name="edit_job"),
    path("jobs/<slug:slug>/preview/", job_edit.preview_job, name="preview_job"),
    path("jobs/<slug:slug>/publish/", job_life.publish_job, name="publish_job"),
    path("jobs/<slug:slug>/close/", job_life.close_job, name="close_job"),
    path("jobs/<slug:slug>/team/", job_team.hiring_team, name="hiring_team"),
    path("jobs/<slug:slug>/criteria/", job_team.criteria_of, name="criteria"),
    path("applications/move/", bulk.move, name="bulk_move"),
    path("applications/<uuid:pk>/", application.application, name="application"),
    path("applications/<uuid:pk>/notes/", notes.add, name="add_note"),
    path("applications/<uuid:pk>/score/", notes.score, name="score"),
    path("notes/<int:pk>/delete/", notes.delete, name="delete_note"),
    path("applications/<uuid:pk>/move/", verbs.move, name="move"),
    path("applications/<uuid:pk>/reject/", rejecting.reject, name="reject"),
    path("applications/reject/", rejecting.bulk_reject, name="bulk_reject"),
    path("applications/<uuid:pk>/undo/", rejecting.undo_rejection, name="undo_rejection"),
    path("applications/<uuid:pk>/mail/", letters.write, name="write"),
    path("applications/<uuid:pk>/reopen/", verbs.reopen, name="reopen"),
    path("applications/<uuid:pk>/withdraw/", verbs.withdraw, name="withdraw"),
    path("applications/<uuid:pk>/assign/", verbs.assign, name="assign"),
    path("applications/<uuid:pk>/hire/", verbs.hire, name="hire"),
    path("applications/<uuid:pk>/hold/", holds.set_hold, name="hold"),
    path("applications/<uuid:pk>/request/", requests.take_in, name="register_request"),
    path("settings/templates/", templates.templates, name="templates"),
    path("settings/templates/new/", templates.new_template, name="new_template"),
    path("settings/templates/<int:pk>/", templates.template, name="template"),
    path("settings/templates/<int:pk>/delete/", templates.delete_template, name="delete_template"),
    path("settings/reasons/", templates.reasons, name="reasons"),
    path("mail/", strays.mails, name="mails"),
    path("mail/<uuid:pk>/", strays.mail, name="mail"),
    path("mail/<uuid:pk>/take/", strays.take, name="take_mail"),
    path("mail/<uuid:pk>/delete/", strays.delete, name="delete_mail"),
    path("holds/<int:pk>/renew/", holds.renew, name="renew_hold"),
    path("holds/<int:pk>/lift/", holds.lift, name="lift_hold"),
    path("requests/", requests.register, name="requests"),
    path("requests/<uuid:pk>/", requests.one, name="request"),
    path("requests/<uuid:pk>/answer/", requests.answer, name="answer_request"),
    path("requests/<uuid:pk>/refuse/", requests.refuse, name="refuse_request"),
    path("requests/<uuid:pk>/grant/", requests.grant, name="grant_request"),
    path("requests/<uuid:pk>/confirm/", requests.confirm, name="confirm_request"),
    path("requests/<uuid:pk>/copy/", copies.prepare, name="copy"),
    path("requests/<uuid:pk>/copy/release/", copies.release, name="release_copy"),
    path("attachments/<uuid:pk>/", downloads.attachment, name="attachment"),
    path("attachments/<uuid:pk>/pages/<int:number>/", reader.page, name="page"),
    path("employees/", employees.employees, name="employees"),
    path("employees/<uuid:pk>/", employees.employee, name="employee"),
    path("employees/<uuid:pk>/export/<slug:format>/", handover.export, name="export_employee"),
    path("employees/<uuid:pk>/undo/", employees.undo_hire, name="undo_hire"),
    path("employees/<uuid:pk>/erase/", employees.erase, name="erase_employee"),
    path("retention/", retention.overview, name="retention"),
    path("retention/<day:day>/", retention.day, name="retention_day"),
    path("retention/held/", retention.held, name="held"),
    path("retention/undecided/", retention.undecided, name="undecided"),
    path("retention/reopened/", retention.reopened, name="reopened"),
    path("retention/runs/", retention.runs, name="runs"),
    path("retention/tombstones/", retention.tombstones, name="tombstones"),
    path("retention/ledger/", retention.ledger_lines, name="ledger"),
    path("retention/ledger/file/", retention.ledger_file, name="ledger_file"),
    path("retention/dry-run/", trial.dry_run, name="dry_run"),
    path("retention/confirm/", brake.confirm_purge, name="confirm_purge"),
    path(
        "retention/ledger/<int:sequence>/certificate.pdf", certificates.as_pdf, name="certificate"
    ),
    path(
        "retention/ledger/<int:sequence>/certificate.json",
        certificates.as_json,
        name="certificate_json",
    ),
    path("reads/", readlog.reads, name="reads"),
    path("mails/<int:pk>/noted/", today.note_return, name="note_return"),
    path("policy/", policy.clauses, name="policy"),
    path("policy/processing/", policy.processing, name="processing"),
]
