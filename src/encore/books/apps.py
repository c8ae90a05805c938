from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BooksConfig(AppConfig):
    name = "encore.books"
    label = "books"
    records = (
        "budget.set", "cost.submitted", "cost.approved", "cost.rejected", "cost.withdrawn", "cost.paid", "transfer.reversed",
        "period.closed", "period.reopened",
    )  # fmt: skip

    def ready(self) -> None:
        from encore.accounts.rights import may  # noqa: PLC0415 - models can be imported only now
        from encore.books import queries  # noqa: PLC0415
        from encore.books.models import BudgetLine, Cost, Period  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
        from encore.web import navigation  # noqa: PLC0415

        register(Noun("budget_line", BudgetLine, _("budget line"), "books:line", queries.lines_visible_to))
        register(
            Noun("cost", Cost, _("reimbursement form"), "books:cost", queries.costs_visible_to, queries.responsible)
        )
        register(Noun("period", Period, _("month of the books"), "books:period", queries.periods_visible_to))
        navigation.register(
            navigation.Way(
                "books", _("Money"), "books:entrance", "books", 60, lambda user: may("workflows.submit_cost", user)
            )
        )
