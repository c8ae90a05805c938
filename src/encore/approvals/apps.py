from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    name = "encore.approvals"
    label = "approvals"
    records = (
        "approval.requested", "approval.passed", "approval.given", "approval.refused", "approval.delegated",
        "approval.added", "approval.withdrawn",
    )  # fmt: skip

    def ready(self) -> None:
        from encore.accounts.rights import may  # noqa: PLC0415 - models can be imported only now
        from encore.approvals import queries  # noqa: PLC0415
        from encore.approvals.models import Approval  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
        from encore.web import navigation  # noqa: PLC0415

        register(
            Noun(
                "approval",
                Approval,
                _("request for approval"),
                "approvals:approval",
                queries.visible_to,
                queries.responsible,
            )
        )
        navigation.register(
            navigation.Way(
                "approvals",
                _("Approvals"),
                "approvals:list",
                "approvals",
                30,
                lambda user: may("approvals.request", user),
            )
        )
