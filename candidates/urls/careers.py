"""The careers pages, open to everyone."""

from django.urls import path

from candidates.views import applying, jobs, uploads

app_name = "careers"
urlpatterns = [
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/feed.xml", jobs.feed, name="feed"),
    path("jobs/<slug:slug>/", jobs.job, name="job"),
    path("jobs/<slug:slug>/apply/", applying.apply, name="apply"),
    path("jobs/<slug:slug>/apply/thanks/", jobs.thanks, name="thanks"),
    path("apply/", applying.speculative, name="speculative"),
    path("apply/thanks/", jobs.thanks, name="speculative_thanks"),
    path("sitemap.xml", jobs.sitemap, name="sitemap"),
    path("uploads/", uploads.stage, name="stage"),
    path("uploads/<uuid:pk>/remove/", uploads.remove, name="unstage"),
]
