from django.urls import path, register_converter

from encore.complaints.views import complaint, desk, guest


class Token:
    """What cannot be guessed, as `secrets.token_urlsafe` makes it."""

    regex = "[A-Za-z0-9_-]{20,32}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Token, "token")

app_name = "complaints"
urlpatterns = [
    path("r/<token:code>/", guest.intake, name="intake"),
    path("t/<token:token>/", guest.tracking, name="tracking"),
    path("complaints/", desk.queue, name="queue"),
    path("complaints/all/", desk.every, name="every"),
    path("complaints/<str:reference>/", complaint.complaint, name="complaint"),
    path("complaints/<str:reference>/<slug:name>/", complaint.act, name="act"),
]
