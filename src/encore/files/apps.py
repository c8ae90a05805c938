from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FilesConfig(AppConfig):
    name = "encore.files"
    label = "files"
    records = ("file.added", "file.held", "file.released", "file.erased")

    def ready(self) -> None:
        from encore.accounts.rights import Sight, sight  # noqa: PLC0415 - models can be imported only now
        from encore.files import queries  # noqa: PLC0415
        from encore.files.models import File  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
        from encore.web import navigation  # noqa: PLC0415

        register(Noun(queries.NOUN, File, _("file"), "files:file", queries.visible_to))
        navigation.register(
            navigation.Way(
                "files",
                _("Files"),
                "files:list",
                "file",
                60,
                lambda user: sight(queries.NOUN, user) != Sight.WITHHELD,
            )
        )
