"""The careers pages, open to everyone."""

from django.urls import path

from candidates.views import careers, jobs, uploads

app_name = "careers"
urlpatterns = [
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/feed.xml", jobs.feed, name="feed"),
    path("jobs/<slug:slug>/", jobs.job, name="job"),
    path("jobs/<slug:slug>/apply/", careers.apply, name="apply"),
    path("jobs/<slug:slug>/apply/thanks/", careers.thanks, name="thanks"),
    path("apply/", careers.speculative, name="speculative"),
    path("apply/thanks/", careers.thanks, name="speculative_thanks"),
    path("sitemap.xml", jobs.sitemap, name="sitemap"),
    path("uploads/", uploads.stage, name="stage"),
    path("uploads/<uuid:pk>/remove/", uploads.remove, name="unstage"),
]
