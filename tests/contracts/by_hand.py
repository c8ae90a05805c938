"""Recording by hand as a person does it: the form is read, what will follow is looked at, then it is recorded."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import orjson
from django.test import Client
from django.utils.timezone import localtime, now

from encore.contracts.models import Contract
from encore.contracts.queries import terms_of
from encore.engine import judge_all
from encore.engine.events import Reader
from encore.engine.moments import from_datetime
from encore.ledger.late import LIMIT
from encore.ledger.models import Clock, Event
from encore.ledger.terms import versions_of

FOURTH = Path(__file__).parent.with_name("fourth.toml").read_bytes()


def hidden(page: str, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


def offered(page: str, name: str) -> list[str]:
    """The choices of a field of the form, without the empty one."""
    found = re.search(rf'<select [^>]*name="{re.escape(name)}".*?</select>', page, re.DOTALL)
    return [unescape(one) for one in re.findall(r'<option value="([^"]+)"', found[0])] if found else []


@dataclass
class Filled:
    """A form as somebody has filled it in, to be sent as often as one likes."""

    client: Client
    contract: Contract
    values: dict[str, str] = field(default_factory=dict)
    preview: str = ""

    @property
    def address(self) -> str:
        return f"/contracts/{self.contract}/record/"

    def send(self) -> str:
        """Where one is led when it was recorded."""
        answer = self.client.post(self.address, self.values)
        assert answer.status_code == 302, answer.content.decode()
        return str(answer["Location"])

    def sent(self) -> str:
        """The reference of what it was recorded on."""
        location = self.send()
        found = re.search(r"/([A-Z]-\d\d-\d+)/", location)
        assert found, location
        return found[1]


def filled(
    client: Client,
    contract: Contract,
    duty: str,
    event: str,
    *,
    at: datetime,
    subject: str = "",
    answers: dict[str, object] | None = None,
    words: str = "",
) -> Filled:
    """Opens the form, fills it in and looks at what will follow. Without a subject, the one that the form proposes."""
    form = Filled(client, contract)
    asked = {"duty": duty, "event": event, **({"subject": subject} if subject not in ("", "new") else {})}
    page = client.get(form.address, asked)
    assert page.status_code == 200, page.content.decode()
    text = page.content.decode()
    proposed = offered(text, "subject")
    assert proposed or subject, "nothing that this could have happened to"
    form.values = {
        "duty": duty, "event": event, "form_key": hidden(text, "form_key"), "seen": "", "reference": "", "words": words,
        "subject": subject or proposed[0], "title": "夜里的事", "occurred_at": f"{localtime(at):%Y年%m月%d日 %H:%M:}".rstrip(":"),
        "late_reason": "on_paper" if now() - at > LIMIT else "",
    }  # fmt: skip
    for key, value in (answers or {}).items():
        code = orjson.dumps(value).decode()
        assert code in offered(text, f"data.{key}"), (key, value, offered(text, f"data.{key}"))
        form.values[f"data.{key}"] = code
    seen = client.post(form.address, form.values)
    assert seen.status_code == 200, seen.content.decode()
    form.preview = seen.content.decode()
    form.values["seen"] = hidden(form.preview, "seen")
    return form


def by_hand(client: Client, contract: Contract, duty: str, event: str, **more: Any) -> str:
    """Records an event as a person does it; the reference of what it happened to."""
    return filled(client, contract, duty, event, **more).sent()


Standing = tuple[str, str, int, datetime, datetime, str, datetime | None]


def judged(contract: Contract, now: datetime) -> set[Standing]:
    """The clocks of a contract as the pure judge finds them, given what the ledger holds and nothing else."""
    reader = Reader()
    events = [
        reader.take({**orjson.loads(bytes(row.body)), "id": str(row.pk)}, row.pk)
        for row in Event.objects.order_by("pk")
    ]
    events = [(*one[:5], {} if one[2] == "contract.effective" else one[5], one[6]) for one in events]
    first, *others = versions_of(contract.pk)
    assert all((row.edition_id, row.parameters) == (first.edition_id, first.parameters) for row in others)
    judge = judge_all(terms_of(contract), lambda: events, from_datetime(now))
    return {
        (clock.duty, clock.subject, clock.index, clock.opened_at, clock.due_at, clock.name, clock.closed_at)
        for clock in judge.clocks()
    }


def stored(contract: Contract) -> set[Standing]:
    return {
        (row.duty, f"{row.noun}:{row.noun_id}", row.index, row.opened_at, row.due_at, row.state, row.closed_at)
        for row in Clock.objects.filter(contract=contract.pk)
    }
