"""A complaint on paper: what was said, what was done when, what was owed by when, and what came of it."""

from datetime import timedelta
from io import BytesIO

import segno
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from encore.complaints import queries
from encore.complaints.models import Complaint, PaperForms, numbered
from encore.complaints.operations import READ_OUT
from encore.contracts.queries import edition_of
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


def paper_forms(forms: PaperForms, reader: Reader, size: str) -> Paper:
    """Empty forms, each with its number and a picture that leads to where it is entered. `size`: `a4` (two on a sheet) or `a5`."""
    edition = edition_of(forms.contract)
    entered = f"{reader.site}{reverse('complaints:register')}?contract={forms.contract}&paper="
    return Paper(
        title=_("A guest complains"),
        organisation=forms.contract.venue.name,
        form={
            "size": size,
            "ways": [
                reading(row.label) for row in edition.vocabulary["channel"].values() if getattr(row, "via", "") != "web"
            ],
            "words": {
                "keep": _("Write this while there is no power or line. Enter it afterwards: scan, or type the number."),
                "told": _("Told at (day and time)"),
                "room": _("Room"),
                "way": _("How did it reach us?"),
                "what": _("What happened?"),
                "wish": _("What the guest asks for"),
                "done": _("What was done at once, and when"),
                "reached": _("How the guest is reached (only if they want)"),
                "read_out": str(READ_OUT),
                "agreed": _("read out, and the guest agreed"),
                "taken": _("Taken by (name, signature)"),
                "entered": _("Entered by, at"),
            },
            "forms": [{"number": text, "qr": _drawn(entered + text)} for text in map(numbered, forms.numbers)],
        },
    )


def _drawn(address: str) -> str:
    drawn = BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", border=4)
    return drawn.getvalue().decode()


@document("recordings-order", gettext_lazy("Order to keep recordings"), noun="complaint")
def recordings_order(complaint: Complaint, reader: Reader) -> Paper:
    """For whoever runs the cameras: which place, from when to when, and that nothing of it may be written over."""
    before, after = complaint.received_at - timedelta(hours=3), complaint.received_at + timedelta(hours=1)
    return Paper(
        title=_("Order to keep recordings"),
        organisation=complaint.contract.venue.name,
        blocks=[
            Facts(
                [
                    (_("Complaint"), complaint.reference),
                    (_("Place"), complaint.room or None),
                    (_("From"), before),
                    (_("To"), after),
                    (_("Emergency procedure started"), complaint.emergency_at),
                    (_("Order made"), reader.at),
                ]
            ),
            Words(
                _(
                    "Keep all recordings of this place, its door and the way there from this time, picture and sound. "
                    "Copy them before they are written over, seal the copy, and write down who made it and when. Show them "
                    "to nobody but those who handle the complaint, and hand them over only against a signature."
                ),
                is_framed=True,
            ),
            Heading(_("Copy made")),
            Grid([_("Medium"), _("From"), _("To"), _("By whom"), _("When")], [["", "", "", "", ""]] * 3),
        ],
        signatures=[_("Ordered by"), _("Taken by")],
        seals=[complaint.contract.venue.name],
    )


@document("complaint-result", gettext_lazy("Result of a complaint, for the guest"), noun="complaint")
def complaint_result(complaint: Complaint, reader: Reader) -> Paper:
    """What the guest is given in writing: what was done, what came of it, what will be better."""
    blocks = [
        Facts(
            [
                (_("Complaint"), complaint.reference),
                (_("Received"), complaint.received_at),
                (_("Result sent"), complaint.result_sent_at),
            ]
        ),
        *(
            part
            for title, words in (
                (_("What you told us"), complaint.text),
                (_("What was done"), complaint.measures),
                (_("What came of it"), complaint.result),
                (_("What will be better from now on"), complaint.improvement),
            )
            for part in (Heading(title), Words(words or _("Not settled yet."), is_framed=bool(words)))
        ),
    ]
    if complaint.result_sent_at:
        blocks.append(
            Words(_("Tell us whether you accept it. If you say nothing, we take that for no answer, never for a yes."))
        )
    return Paper(
        title=_("Result of your complaint"),
        organisation=complaint.contract.venue.name,
        blocks=blocks,
        signatures=[_("For the house")],
        seals=[complaint.contract.venue.name],
    )
