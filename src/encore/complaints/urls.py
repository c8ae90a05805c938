from django.urls import path, register_converter

from encore.complaints.views import (
    board,
    complaint,
    concern,
    desk,
    guest,
    handover,
    panels,
    paper,
    promoter,
    registering,
    review,
    supervise,
)


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
    path("t/<token:token>/qr.png", guest.picture, name="tracking-picture"),
    path("t/<token:token>/open/", guest.unlock, name="unlock"),
    path("t/<token:token>/<slug:name>/", guest.answer, name="answer"),
    path("complaints/", desk.queue, name="queue"),
    path("complaints/all/", desk.every, name="every"),
    path("complaints/marked/", desk.bulk, name="bulk"),
    path("complaints/lists/", desk.lists, name="lists"),
    path("complaints/phrases/", desk.phrases, name="phrases"),
    path("complaints/board/", board.board, name="board"),
    path("complaints/handover/", handover.handover, name="handover"),
    path("complaints/handover/note/", handover.note, name="handover-note"),
    path("complaints/people/", supervise.supervise, name="supervise"),
    path("complaints/absence/", supervise.hand_on, name="hand-on"),
    path("complaints/review/", review.review, name="review"),
    path("complaints/register/", registering.register, name="register"),
    path("complaints/on-the-spot/", registering.solve, name="solve"),
    path("complaints/paper/", paper.forms, name="paper"),
    path("my-day/", promoter.day, name="day"),
    path("my-day/new/", promoter.hand_up, name="hand-up"),
    path("concerns/", concern.concerns, name="concerns"),
    path("concerns/<str:reference>/", concern.concern, name="concern"),
    path("complaints/<str:reference>/", complaint.complaint, name="complaint"),
    path("complaints/<str:reference>/received/", registering.received, name="received"),
    path("complaints/<str:reference>/guest/", panels.reveal, name="reveal"),
    path("complaints/<str:reference>/evidence/", panels.evidence, name="evidence"),
    path("complaints/<str:reference>/level/", panels.level, name="level"),
    path("complaints/<str:reference>/remedies/<int:number>/", panels.give, name="give"),
    path("complaints/<str:reference>/concerned/<int:number>/", panels.tell, name="tell"),
    path("complaints/<str:reference>/messages/<int:number>/", panels.send_again, name="send-again"),
    path("complaints/<str:reference>/<slug:name>/", complaint.act, name="act"),
]
