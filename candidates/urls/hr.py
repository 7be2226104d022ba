"""The workspace, below /hr/."""

from django.urls import path

from candidates.views import (
    applications,
    board,
    certificates,
    downloads,
    employees,
    holds,
    policy,
    reader,
    requests,
    today,
    verbs,
)

app_name = "hr"

urlpatterns = [
    path("", today.today, name="today"),
    path("jobs/", board.jobs, name="jobs"),
    path("jobs/<slug:slug>/", board.board, name="board"),
    path("applications/", applications.applications, name="applications"),
    path("applications/<uuid:pk>/", applications.application, name="application"),
    path("applications/<uuid:pk>/move/", verbs.move, name="move"),
    path("applications/<uuid:pk>/reject/", verbs.reject, name="reject"),
    path("applications/<uuid:pk>/reopen/", verbs.reopen, name="reopen"),
    path("applications/<uuid:pk>/withdraw/", verbs.withdraw, name="withdraw"),
    path("applications/<uuid:pk>/assign/", verbs.assign, name="assign"),
    path("applications/<uuid:pk>/hire/", verbs.hire, name="hire"),
    path("applications/<uuid:pk>/hold/", holds.set_hold, name="hold"),
    path("applications/<uuid:pk>/request/", requests.take_in, name="register_request"),
    path("holds/<int:pk>/renew/", holds.renew, name="renew_hold"),
    path("holds/<int:pk>/lift/", holds.lift, name="lift_hold"),
    path("requests/", requests.register, name="requests"),
    path("requests/<uuid:pk>/", requests.one, name="request"),
    path("requests/<uuid:pk>/answer/", requests.answer, name="answer_request"),
    path("requests/<uuid:pk>/refuse/", requests.refuse, name="refuse_request"),
    path("requests/<uuid:pk>/grant/", requests.grant, name="grant_request"),
    path("requests/<uuid:pk>/confirm/", requests.confirm, name="confirm_request"),
    path("attachments/<uuid:pk>/", downloads.attachment, name="attachment"),
    path("attachments/<uuid:pk>/pages/<int:number>/", reader.page, name="page"),
    path("employees/", employees.employees, name="employees"),
    path("employees/<uuid:pk>/", employees.employee, name="employee"),
    path("employees/<uuid:pk>/undo/", employees.undo_hire, name="undo_hire"),
    path("employees/<uuid:pk>/erase/", employees.erase, name="erase_employee"),
    path(
        "retention/ledger/<int:sequence>/certificate.pdf", certificates.as_pdf, name="certificate"
    ),
    path(
        "retention/ledger/<int:sequence>/certificate.json",
        certificates.as_json,
        name="certificate_json",
    ),
    path("policy/", policy.clauses, name="policy"),
    path("policy/processing/", policy.processing, name="processing"),
]
