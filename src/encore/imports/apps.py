from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    name = "encore.imports"
    label = "imports"
    records = ("import.taken", "import.undone")

    def ready(self) -> None:
        from encore.accounts.rights import may  # noqa: PLC0415 - models can be imported only now
        from encore.imports import queries  # noqa: PLC0415
        from encore.imports.models import Batch  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
        from encore.web.navigation import Way  # noqa: PLC0415
        from encore.web.navigation import register as register_way  # noqa: PLC0415

        register(Noun("import", Batch, _("sheet"), "imports:batch", queries.visible_to))
        register_way(Way("imports", _("Sheets"), "imports:list", "imports", 75, lambda user: may("imports.take", user)))
        autodiscover_modules("importers")  # where packages say what can be brought in
