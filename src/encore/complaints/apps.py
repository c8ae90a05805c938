from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplaintsConfig(AppConfig):
    name = "encore.complaints"
    label = "complaints"
    records = (
        "complaint.acknowledged", "complaint.answered_promoter", "complaint.archived", "complaint.assessed",
        "complaint.assigned", "complaint.concern_named", "complaint.concerned_appealed", "complaint.concerned_heard",
        "complaint.concerned_result", "complaint.concerned_told", "complaint.confirmation_asked",
        "complaint.contacted", "complaint.emergency_started", "complaint.escalated", "complaint.evidence_added", "complaint.followed_up",
        "complaint.mediated", "complaint.merged", "complaint.plan_approved", "complaint.planned",
        "complaint.progress_sent", "complaint.put_back", "complaint.rated", "complaint.received",
        "complaint.recorded", "complaint.regrading_asked", "complaint.regrading_refused", "complaint.remedy_approved",
        "complaint.remedy_given", "complaint.remedy_offered", "complaint.remedy_refused", "complaint.reopened",
        "complaint.replied", "complaint.reported", "complaint.resolved", "complaint.result_confirmed",
        "complaint.result_rejected", "complaint.result_sent", "complaint.result_sent_promoter",
        "complaint.result_unanswered", "complaint.started", "complaint.taken_up", "complaint.verified",
        "complaint.withdrawn", "paper.reserved",
        "handler.followed_up", "shift.handed_over",
    )  # fmt: skip

    def ready(self) -> None:
        from encore.accounts.models import Post  # noqa: PLC0415
        from encore.accounts.rights import Sight, sight  # noqa: PLC0415 - models can be imported only now
        from encore.complaints import queries  # noqa: PLC0415
        from encore.complaints.models import Complaint, Concern  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
        from encore.search.register import register as search  # noqa: PLC0415
        from encore.web import navigation  # noqa: PLC0415

        register(
            Noun(
                "complaint",
                Complaint,
                _("complaint"),
                "complaints:complaint",
                queries.visible_to,
                queries.responsible,
            )
        )
        register(Noun("concern", Concern, _("word of a complaint"), "complaints:concern", queries.concerns_visible_to))
        search("complaint", queries.searched, lambda: Complaint.objects.select_related("contract"))
        navigation.register(
            navigation.Way("own_day", _("My day"), "complaints:day", "own", 15, lambda user: user.post == Post.PROMOTER)
        )
        navigation.register(
            navigation.Way(
                "complaints",
                _("Complaints"),
                "complaints:queue",
                "complaints",
                20,
                lambda user: sight("complaint", user) != Sight.WITHHELD,
            )
        )
