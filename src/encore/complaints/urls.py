from django.urls import path, register_converter

from encore.complaints import views


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
    path("r/<token:code>/", views.intake, name="intake"),
    path("t/<token:token>/", views.tracking, name="tracking"),
    path("complaints/", views.queue, name="queue"),
    path("complaints/all/", views.every, name="every"),
    path("complaints/<str:reference>/", views.complaint, name="complaint"),
    path("complaints/<str:reference>/<slug:name>/", views.act, name="act"),
]
