"""A complaint on paper: what was said, what was done when, what was owed by when, and what came of it."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from encore.complaints import queries
from encore.complaints.models import Complaint
from encore.documents.paper import Facts, Grid, Heading, Paper, Value, Words, written
from encore.documents.register import Reader, document
from encore.engine import Edition
from encore.ledger.models import Clock
from encore.ledger.nouns import key_of
from encore.ledger.queries import Entry, clocks_of, timeline
from encore.web import clockface
from encore.web.language import clause_label, duty_label, reading, row_label


@document("complaint-record", gettext_lazy("Complaint record"), noun="complaint")
def complaint_record(complaint: Complaint, reader: Reader) -> Paper:
    key, edition = key_of(complaint), queries.edition(complaint)
    entries = [entry for entry in timeline(key, edition, reader.user) if entry.annulled is None]
    clocks = clocks_of(key, complaint.contract_id)
    return Paper(
        title=_("Complaint record"),
        organisation=complaint.contract.venue.name,
        blocks=[
            Facts(_facts(complaint, edition)),
            Heading(_("What the guest says")),
            Words("\n".join(filter(None, [complaint.text, complaint.wish])), is_framed=True),
            Heading(_("The plan")),
            Words(complaint.plan, is_framed=True) if complaint.planned_at else Words(_("Not settled yet.")),
            Heading(_("What the guest was told")),
            _outcome(complaint),
            Heading(_("What happened")),
            Grid([_("When"), _("What"), _("By whom")], [_told(entry) for entry in entries], widths=[4, 7, 3]),
            Heading(_("Deadlines")),
            Grid(
                [_("What is owed"), _("Clause"), _("By when"), pgettext("clock", "Done"), _("How it stands")],
                [_clock(clock, edition, reader) for clock in clocks],
                widths=[6, 4, 5, 5, 5],
                none=_("No clock runs on this complaint."),
            ),
        ],
        signatures=[_("Made by"), _("Checked by"), _("Approved by")],
        seals=[complaint.contract.venue.name, complaint.contract.agency.name],
    )


def _facts(complaint: Complaint, edition: Edition) -> list[tuple[str, Value]]:
    said = {name: getattr(complaint, name) for name in ("stage", "severity", "category", "cause")}
    words = {name: row_label(edition, name, key) if key else None for name, key in said.items()}
    return [
        (_("Received"), complaint.received_at),
        (_("Way"), row_label(edition, "channel", complaint.channel)),
        (_("Room"), complaint.room or None),
        (_("Stage"), words["stage"]),
        (_("Level"), words["severity"]),
        (_("Category"), words["category"]),
        (_("Cause"), words["cause"]),
        (_("Responsible"), complaint.responsible.name if complaint.responsible else None),
        (_("Contract"), f"{complaint.contract} {reading(edition.title)}"),
        (_("Promoter agency"), complaint.contract.agency.name),
    ]


def _outcome(complaint: Complaint) -> Words:
    """What the guest was told in the end: measures, result, what is improved."""
    told = "\n".join(filter(None, [complaint.measures, complaint.result, complaint.improvement]))
    return Words(told, is_framed=True) if complaint.result_sent_at and told else Words(_("Not settled yet."))


def _told(entry: Entry) -> list[Value]:
    late = _("recorded %(moment)s") % {"moment": written(entry.recorded_at)} if entry.is_late else ""
    what = " · ".join([str(entry.label), *entry.details])
    return [entry.occurred_at, "\n".join(filter(None, [what, late])), entry.actor or _("the ledger")]


def _clock(clock: Clock, edition: Edition, reader: Reader) -> list[Value]:
    face = clockface.face(clock.state, clock.opened_at, clock.due_at, clock.closed_at, reader.at)
    return [duty_label(edition, clock.duty), clause_label(clock.clause), clock.due_at, clock.closed_at, face.words]
