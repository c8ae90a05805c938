from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "encore.workflows"
    label = "workflows"

    def ready(self) -> None:
        from encore.approvals.register import follows  # noqa: PLC0415 - models can be imported only now
        from encore.books.queries import ALSO_SHOWN  # noqa: PLC0415
        from encore.workflows import operations, queries  # noqa: PLC0415

        follows("cost", operations.settle_cost)
        ALSO_SHOWN.append(queries.costs_asked_of)
