"""The careers pages, open to everyone."""

from django.urls import path

from candidates.views import applying, careers, uploads

app_name = "careers"
urlpatterns = [
    path("jobs/", careers.jobs, name="jobs"),
    path("jobs/<slug:slug>/", careers.job, name="job"),
    path("jobs/<slug:slug>/apply/", applying.apply, name="apply"),
    path("jobs/<slug:slug>/apply/thanks/", careers.thanks, name="thanks"),
    path("apply/", applying.speculative, name="speculative"),
    path("apply/thanks/", careers.thanks, name="speculative_thanks"),
    path("uploads/", uploads.stage, name="stage"),
    path("uploads/<uuid:pk>/remove/", uploads.remove, name="unstage"),
]
