from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContractsConfig(AppConfig):
    name = "encore.contracts"
    label = "contracts"
    records = ("contract.signed", "contract.effective", "party.invited", "calendar.published")

    def ready(self) -> None:
        from encore.accounts import rights  # noqa: PLC0415
        from encore.accounts.models import User  # noqa: PLC0415
        from encore.contracts import queries  # noqa: PLC0415 - models can be imported only now
        from encore.contracts.models import Contract, Draft, Matter  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
        from encore.search.register import register as search  # noqa: PLC0415
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
        register(Noun("draft", Draft, _("draft of a contract"), "contracts:draft", queries.drafts_visible_to))

        search("contract", queries.searched, lambda: Contract.objects.select_related("venue", "agency"))
        search("matter", queries.matter_searched, lambda: Matter.objects.select_related("contract"))

        def has_contracts(user: User) -> bool:
            return rights.sight("contract", user) != rights.Sight.WITHHELD

        navigation.register(
            navigation.Way("contracts", _("Contracts"), "contracts:contracts", "file", 29, has_contracts)
        )
        navigation.register(
            navigation.Way("texts", _("Texts"), "contracts:editions", "file", 30, lambda user: not has_contracts(user))
        )
