"""`make pictures`: the pictures of docs/, taken of the demonstration in a house of their own, none above 100 KB."""

import base64
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

ROOT: Final = Path(__file__).resolve().parent.parent
PICTURES: Final = ROOT / "docs/pictures"
MOST: Final = 100 * 1024
FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
]
# name, address, width, height, theme
TAKEN: Final = (
    ("board", "/", 1440, 900, "light"),
    ("board-dark", "/", 1440, 900, "dark"),
    ("board-phone", "/", 360, 740, "light"),
    ("queue", "/complaints/", 1440, 900, "light"),
    ("kit", "/kit/", 1440, 1000, "light"),
    ("kit-lists", "/kit/#table", 1440, 1000, "dark"),
    ("kit-forms", "/kit/#forms", 1440, 1000, "light"),
    ("kit-phone", "/kit/", 360, 740, "dark"),
)
_TO_WEBP: Final = """async ([picture, quality]) => {
    const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + picture)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({type: "image/webp", quality})).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def session_of(post: str, role: str) -> str:
    """The cookie of somebody of the demonstration who is signed in."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "encore.config.settings"
    import django

    django.setup()
    from django.test import Client

    from encore.accounts.models import User

    client = Client()
    client.force_login(User.objects.filter(post=post, organisation__role=role).earliest("pk"))
    return client.cookies["sessionid"].value


def pages_of_guests() -> list[tuple[str, str, int, int, str]]:
    """The card of a room, a complaint that was just made there, and one whose result waits for an answer."""
    from encore.complaints.models import Complaint
    from encore.venues.models import Room

    rows = Complaint.objects.filter(contact=None, withdrawn_at=None, merged_at=None).order_by("pk")
    found = [("guest-room", f"/r/{Room.objects.filter(is_active=True).earliest('pk').token}/", 390, 844, "dark")]
    for name, row in (
        ("guest-tracking", rows.filter(result_sent_at=None).last()),
        ("guest-result", rows.filter(result_sent_at__isnull=False, archived_at=None, answer="").last()),
    ):
        if row is not None:
            found.append((name, f"/t/{row.token}/", 390, 844, "light"))
    return found


def pages_of_the_desk() -> list[tuple[str, str, int, int, str]]:
    """The complaint whose plan is due next, the stages, and what is handed over."""
    from encore.complaints.models import Complaint

    rows = Complaint.objects.filter(assessed_at__isnull=False, planned_at=None, withdrawn_at=None, merged_at=None)
    return [
        ("complaint", f"/complaints/{rows.earliest('pk').reference}/", 1440, 900, "light"),
        ("complaint-phone", f"/complaints/{rows.earliest('pk').reference}/", 360, 740, "dark"),
        ("stages", "/complaints/board/", 1440, 900, "light"),
        ("handover", "/complaints/handover/", 1440, 900, "light"),
    ]


def webp(converter: Page, png: bytes) -> bytes:
    for quality in (0.9, 0.8, 0.65, 0.5):
        found = base64.b64decode(converter.evaluate(_TO_WEBP, [base64.b64encode(png).decode(), quality]))
        if len(found) <= MOST:
            return found
    sys.exit("A picture stays above 100 KB.")


def take(browser: Browser, address: str, session: str, taken: Iterable[tuple[str, str, int, int, str]]) -> None:
    converter = browser.new_page()
    PICTURES.mkdir(exist_ok=True)
    for name, path, width, height, theme in taken:
        context = browser.new_context(
            base_url=address,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            color_scheme=theme,  # type: ignore[arg-type]
            viewport={"width": width, "height": height},
        )
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        page = context.new_page()
        page.goto(path)
        content = webp(converter, page.screenshot())
        (PICTURES / f"{name}.webp").write_bytes(content)
        print(f"docs/pictures/{name}.webp {len(content) // 1024} KB")
        context.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"ENCORE_HOME": home, "ENCORE_LOG": "error"}
        os.environ.pop("ENCORE_DATABASE", None)
        encore = [sys.executable, "-m", "encore"]
        subprocess.run([*encore, "migrate"], check=True)
        subprocess.run([*encore, "demo"], check=True, stdout=subprocess.DEVNULL)
        manager, promoter, port = session_of("manager", "venue"), session_of("promoter", "agency"), free_port()
        taken = (*TAKEN, *pages_of_guests(), *pages_of_the_desk())
        address = f"http://127.0.0.1:{port}"
        server = subprocess.Popen([*encore, "serve", "--port", str(port)], stdout=subprocess.DEVNULL)
        try:
            _wait(f"{address}/static/encore/mark.svg")
            with sync_playwright() as playwright:
                chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                take(browser, address, manager, taken)
                take(browser, address, promoter, [("my-day", "/my-day/", 390, 844, "dark")])
        finally:
            server.terminate()
            server.wait()


def _wait(address: str) -> None:
    for _attempt in range(100):
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("The server does not answer.")


if __name__ == "__main__":
    main()
