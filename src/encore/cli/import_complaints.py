"""Complaints from a table of texts, through the same step as the guests' page."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from encore.cli.django import require_migrated, start

if TYPE_CHECKING:
    from encore.accounts.models import User
    from encore.complaints.operations import Told
    from encore.contracts.models import Contract

BATCH: Final = 500  # rows a transaction


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--contract", "reference", help="The contract they fall under, such as K-26-000001. Default: the only one."
)
@click.option("--by", "username", help="In whose name. Default: a manager of the venue.")
def import_complaints(file: Path, reference: str | None, username: str | None) -> None:
    """Take in the complaints of a CSV file.

    FILE is UTF-8 and has a column "text". The complaints count as received now.

    Bringing the same in again adds only what is missing. With a column "row" that numbers the rows, that holds for a file
    that has grown as well; without one, for the same file byte for byte.

    Rows that cannot be taken are named with their line, the others go in; the exit status is then 1.
    """
    start()
    require_migrated()
    from django.db import IntegrityError
    from django.utils.timezone import now

    from encore.complaints import operations, queries
    from encore.contracts.queries import edition_of
    from encore.ledger.refusal import Refusal

    contract = _contract(reference)
    by = _person(username, contract)
    channel = queries.channel(edition_of(contract), "other")
    faults: list[str] = []
    told = _told(file, contract.pk, faults)
    taken = known = 0
    while batch := list(islice(told, BATCH)):
        keys = queries.keys_taken(one.form_key for one in batch)
        fresh = [one for one in batch if one.form_key not in keys]
        known += len(batch) - len(fresh)
        if fresh:
            try:
                taken += len(operations.bring_in(fresh, contract=contract, channel=channel, by=by, at=now()))
            except Refusal as refusal:
                raise click.ClickException(str(refusal)) from None
            except IntegrityError:
                raise click.ClickException(
                    "Another import took some of these rows meanwhile. Run this again."
                ) from None
    for fault in faults:
        click.echo(f"{file}:{fault}", err=True)
    click.echo(f"{taken} taken in, {known} already there, {len(faults)} refused.")
    if faults:
        raise SystemExit(1)


def _contract(reference: str | None) -> "Contract":
    from encore.contracts.queries import in_force
    from encore.ledger.nouns import by_reference

    if reference is not None:
        found = by_reference(in_force(), reference)
        if found is None:
            raise click.ClickException(f"No contract {reference} is in force.")
        return found
    contracts = list(in_force())
    if len(contracts) != 1:
        names = ", ".join(map(str, contracts)) or "none"
        raise click.ClickException(f"Say which contract with --contract; in force: {names}.")
    return contracts[0]


def _person(username: str | None, contract: "Contract") -> "User":
    from encore.accounts.models import User
    from encore.accounts.queries import first_manager
    from encore.accounts.rights import may

    if username is None:
        manager = first_manager(contract.venue)
        if manager is None:
            raise click.ClickException("The venue has no manager in whose name this could be done. Say who with --by.")
        return manager
    person = User.objects.filter(username=username, is_active=True).select_related("organisation").first()
    if person is None:
        raise click.ClickException(f"Nobody signs in as {username}.")
    if not may("complaints.bring_in", person) or person.organisation_id not in (contract.venue_id, contract.agency_id):
        raise click.ClickException(f"{username} may not take in complaints under {contract}.")
    return person


def _told(file: Path, contract: int, faults: list[str]) -> Iterator["Told"]:
    """The rows that can be taken; what is wrong with the others goes to `faults`, with its line."""
    from django.core.exceptions import ValidationError

    from encore.complaints.forms.words import words
    from encore.complaints.operations import Told

    content = file.read_bytes()
    rows = _rows(file, content, faults)
    _, header = next(rows, (1, []))
    if "text" not in header:
        raise click.ClickException(f'{file}:1: there is no column "text".')
    whole = sha256(content).hexdigest()
    seen: Counter[str] = Counter()
    for line, cells in rows:
        row = dict(zip(header, cells, strict=False))
        try:
            text = words(row.get("text", ""))
        except ValidationError as error:
            faults.append(f"{line}: {' '.join(error.messages)}")
            continue
        # What names a row: its own number and text, wherever it stands; without a number, its place in this very file.
        name = f"{row['row']}\n{text}" if row.get("row") else f"{whole}:{line}"
        seen[name] += 1
        yield Told(text, sha256(f"{contract}\n{seen[name]}\n{name}".encode()).hexdigest())


def _rows(file: Path, content: bytes, faults: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with the line that each begins in; blank ones are passed over."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise click.ClickException(f"{file}:{line}: this is not UTF-8.") from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            faults.append(f"{line}: {error}")
            continue
        if any(cells):
            yield line, cells
