from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContractsConfig(AppConfig):
    name = "encore.contracts"
    label = "contracts"
    records = ("contract.signed", "contract.effective")

    def ready(self) -> None:
        from encore.contracts import queries  # noqa: PLC0415 - models can be imported only now
        from encore.contracts.models import Contract, Matter  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
        from encore.web import navigation  # noqa: PLC0415

        register(Noun("contract", Contract, _("contract"), "home:contract", queries.visible_to, queries.responsible))
        register(
            Noun(
                "matter",
                Matter,
                _("matter"),
                "contracts:matter",
                queries.matters_visible_to,
                queries.responsible_for_matters,
            )
        )
        navigation.register(navigation.Way("texts", _("Texts"), "contracts:editions", "file", 30, lambda user: True))
