"""The reimbursement form on half a sheet, as it is bound with its invoices."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from encore.books import queries
from encore.books.models import Cost, Period
from encore.documents.paper import Facts, Grid, Heading, Paper, Side, written
from encore.documents.register import Reader, document
from encore.money import Money, capitals


@document("reimbursement-form", gettext_lazy("Reimbursement form"), noun="cost", template="books/reimbursement.typ")
def reimbursement_form(cost: Cost, reader: Reader) -> Paper:
    items = list(cost.items.order_by("day", "pk"))
    counted = cost.granted or cost.money
    names = {
        "decided": cost.decided_by.name if cost.decided_by else "",
        "paid": cost.paid_by.name if cost.paid_by else "",
    }
    return Paper(
        title=_("Reimbursement form"),
        organisation=cost.owner.name,
        form={
            "facts": [
                [_("Submitted on"), f"{queries.day_of(cost.submitted_at):%Y-%m-%d}"],
                [_("Name"), (cost.beneficiary or cost.requester).name],
                [_("Department"), str(cost.get_department_display())],
                [_("Post"), str((cost.beneficiary or cost.requester).get_post_display())],
            ],
            "purpose": [_("What for"), cost.purpose],
            "line": [_("Budget line"), cost.line.name],
            "head": [pgettext("paper", "Day"), _("What was paid for"), _("Number of the invoice"), _("Amount")],
            "rows": [[f"{one.day:%Y-%m-%d}", one.what, one.invoice, f"{one.amount:,.2f}"] for one in items],
            "total": [_("Total"), written(cost.money)],
            "capitals": [_("Amount in capitals"), capitals(counted) if cost.currency == "CNY" else counted.shown],
            "amounts": [
                [_("Claimed"), written(cost.money)],
                [_("Approved amount"), written(cost.granted)],
                [_("Paid amount"), written(cost.granted if cost.paid_day else None)],
            ],
            "attachments": _("%(number)s sheets attached") % {"number": cost.attachments},
            "rejected": _struck(cost),
            "signatures": [
                [_("Checked by the department"), ""],
                [_("Checked by finance"), ""],
                [_("Approved by"), names["decided"]],
                [_("Paid by"), names["paid"]],
                [_("Received by"), ""],
            ],
        },
    )  # fmt: skip


def _struck(cost: Cost) -> str:
    """What is printed across a form that is not, or no longer, paid."""
    match cost.state:
        case Cost.State.REJECTED:
            return _("REJECTED: %(reason)s") % {"reason": cost.words}
        case Cost.State.WITHDRAWN | Cost.State.RETURNED:
            return str(cost.get_state_display())
        case _:
            return ""


@document("month-of-the-books", gettext_lazy("Month of the books"), noun="period")
def month_of_the_books(period: Period, reader: Reader) -> Paper:
    lines = queries.month_lines(period)
    transfers = list(queries.transfers_of(period).select_related("debit__line", "credit__line"))
    closed = f"{written(period.closed_at)} {period.closed_by.name}" if period.closed_by else _("not closed")
    spent = sum((row.paid - row.taken_back for row in lines), Money.zero())
    sides: tuple[Side, ...] = ("left", "right", "right", "right")
    return Paper(
        title=_("Month %(month)s") % {"month": f"{period.month:%Y-%m}"},
        organisation=period.owner.name,
        blocks=[
            Facts([(_("Closed on"), closed), (_("Transfers"), len(transfers)), (_("Spent"), spent), (_("In words"), capitals(spent))]),
            Heading(_("By budget line")),
            Grid(
                [_("Budget line"), _("Paid"), _("Taken back"), _("Spent")],
                [[row.line.name, row.paid, row.taken_back, row.paid - row.taken_back] for row in lines],
                widths=[4, 2, 2, 2],
                sides=sides,
                total=[_("Total"), None, None, spent] if lines else [],
                none=_("Nothing was paid in this month."),
            ),
            Heading(_("Every transfer")),
            Grid(
                [pgettext("paper", "Day"), pgettext("transfer", "To"), pgettext("transfer", "From"), _("Amount")],
                [[one.day, queries.account_name(one.debit), queries.account_name(one.credit), one.money] for one in transfers],
                widths=[2, 4, 4, 2],
                sides=("left", "left", "left", "right"),
                none=_("Nothing was paid in this month."),
            ),
        ],
        signatures=[_("Made by"), _("Checked by"), _("Approved by")],
        seals=[period.owner.name],
    )  # fmt: skip
