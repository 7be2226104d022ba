"""The applicant's room, below /my/."""

from django.urls import path

from candidates.views import links, room, room_copies

app_name = "room"
urlpatterns = [
    path("", room.home, name="home"),
    path("download/", room_copies.download, name="download"),
    path("copy/", room_copies.copy, name="copy"),
    path("leave/", room.leave, name="leave"),
    path("lost/", links.lost, name="lost"),
    # The last: whatever else stands here is a link from a mail, or was one.
    path("<str:token>/", links.link, name="link"),
]
