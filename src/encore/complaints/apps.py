from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplaintsConfig(AppConfig):
    name = "encore.complaints"
    label = "complaints"
    records = (
        "complaint.received", "complaint.verified", "complaint.assessed", "complaint.planned", "complaint.started",
        "complaint.resolved", "complaint.result_sent", "complaint.followed_up", "complaint.archived",
        "complaint.put_back",
    )  # fmt: skip

    def ready(self) -> None:
        from encore.accounts.rights import Sight, sight  # noqa: PLC0415 - models can be imported only now
        from encore.complaints import queries  # noqa: PLC0415
        from encore.complaints.models import Complaint  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
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
