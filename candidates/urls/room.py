"""The applicant's room, below /my/."""

from django.urls import path

from candidates.views import links, room, room_copies, room_details

app_name = "room"
urlpatterns = [
    path("", room.home, name="home"),
    path("download/", room_copies.download, name="download"),
    path("copy/", room_copies.copy, name="copy"),
    path("withdraw/", room.withdraw, name="withdraw"),
    path("erase/", room.erase, name="erase"),
    path("requests/<slug:kind>/", room.ask, name="request"),
    path("certificate/", room.certificate, name="certificate"),
    path("replace/", room.replace, name="replace"),
    path("leave/", room.leave, name="leave"),
    path("lost/", links.lost, name="lost"),
    path("details/", room_details.details, name="details"),
    path("address/", room_details.address, name="address"),
    path("files/", room_details.files, name="files"),
    path("files/<uuid:pk>/", room_details.file, name="file"),
    path("files/<uuid:pk>/remove/", room_details.remove, name="remove"),
    # The last: whatever else stands here is a link from a mail, or was one.
    path("<str:token>/", links.link, name="link"),
]
