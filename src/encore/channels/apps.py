from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsConfig(AppConfig):
    name = "encore.channels"
    label = "channels"
    records = (
        "message.queued", "message.sent", "message.refused", "message.failed", "message.delivered", "message.read",
        "message.received", "message.opted_out",
    )  # fmt: skip

    def ready(self) -> None:
        from encore.accounts.rights import may  # noqa: PLC0415 - models can be imported only now
        from encore.channels import addresses, queries, tasks  # noqa: F401, PLC0415 - the tasks subscribe
        from encore.channels.models import Message  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
        from encore.web import navigation  # noqa: PLC0415

        addresses.register("person", addresses.of_person)
        register(Noun("message", Message, _("message"), "channels:message", queries.visible_to, queries.responsible))
        navigation.register(navigation.Way("inbox", _("Inbox"), "channels:inbox", "reminders", 16, lambda user: True))
        navigation.register(
            navigation.Way(
                "messages",
                _("Messages"),
                "channels:messages",
                "messages",
                70,
                lambda user: may("channels.look_through", user),
            )
        )
