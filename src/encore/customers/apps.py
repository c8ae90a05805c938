from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "encore.customers"
    label = "customers"
    records = (
        "customer.registered", "customer.opted_out", "customer.merged", "customer.request_received",
        "customer.request_answered", "customer.erased",
    )  # fmt: skip

    def ready(self) -> None:
        from encore.accounts import personal  # noqa: PLC0415 - models can be imported only now
        from encore.accounts.rights import may, sight  # noqa: PLC0415
        from encore.channels import addresses  # noqa: PLC0415
        from encore.customers import queries  # noqa: PLC0415
        from encore.customers.models import Contact  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
        from encore.web.navigation import Way  # noqa: PLC0415
        from encore.web.navigation import register as register_way  # noqa: PLC0415

        addresses.register("customer", queries.reached_by)
        register(Noun("customer", Contact, _("customer"), "customers:customer", queries.visible_to))
        register_way(
            Way(
                "customers",
                _("Customers"),
                "customers:list",
                "customers",
                50,
                lambda user: (
                    may("customers.register", user) or (sight("customer", user) == "counts" and user.post == "manager")
                ),
            )
        )
        reaching = _("to answer you, and to tell you what you consented to be told")
        given = (personal.Whose.GUEST, personal.Basis.CONSENT)
        personal.register(
            personal.Personal("customers.Contact.name", _("how you want to be called"), *given, reaching, queries.KEPT),
            personal.Personal("customers.Contact.phone", _("telephone"), *given, reaching, queries.KEPT),
            personal.Personal("customers.Contact.wechat", _("WeChat name"), *given, reaching, queries.KEPT),
            personal.Personal("customers.Contact.email", _("e-mail"), *given, reaching, queries.KEPT),
        )
