from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class DocumentsConfig(AppConfig):
    name = "encore.documents"
    label = "documents"

    realises: tuple[
        str, ...
    ] = ()  # the documents by the names that clauses have for them; known when all are registered

    def ready(self) -> None:
        from encore.web import navigation  # noqa: PLC0415

        autodiscover_modules("documents")  # where packages say which papers they have
        from encore.documents.register import DOCUMENTS  # noqa: PLC0415 - models can be imported only now

        self.realises = tuple(f"document:{key}" for key in DOCUMENTS)
        navigation.register(
            navigation.Way("documents", _("Papers"), "documents:register", "file", 70, lambda user: True)
        )
