// What pages can do besides: they all work without it.

// --- clocks that count down -------------------------------------------------------------------------------------------

const SOON = 0.2; // of the time allowed, as the server has it

function span(words, milliseconds) {
  const minutes = Math.floor(milliseconds / 60_000);
  const parts = [
    [Math.floor(minutes / 1440), (n) => (n === 1 ? words.day : words.days)],
    [Math.floor(minutes / 60) % 24, () => words.hours],
    [minutes % 60, () => words.minutes],
  ];
  const first = parts.findIndex(([n]) => n);
  if (first < 0) return words.moment;
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n)
    .map(([n, text]) => text(n).replace("{n}", n))
    .join(" ");
}

function turnOverdue(clock, ring) {
  clock.className = clock.className.replace(/clock-(calm|soon)/, "clock-overdue");
  ring.setAttribute("class", "ring ring-overdue");
  ring.querySelector(".ring-left")?.remove();
  const sign = document.createElementNS("http://www.w3.org/2000/svg", "path");
  sign.setAttribute("class", "ring-sign");
  sign.setAttribute("d", "M20 11v11M20 27v1.5");
  ring.append(sign);
}

const template = document.getElementById("clock-words");

// How far the server's clock is ahead of this device's. A page that comes back from the browser's own store was made some
// time ago; for it counts what a fresh one has found.
function ahead() {
  const isKept = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const found = isKept ? sessionStorage.getItem("ahead") : null;
  const milliseconds = found === null ? Date.parse(template.dataset.now) - Date.now() : Number(found);
  sessionStorage.setItem("ahead", String(milliseconds));
  return milliseconds;
}

function count(skew) {
  const words = template.dataset;
  const now = Date.now() + skew;
  for (const clock of document.querySelectorAll("[data-due]")) {
    const due = Date.parse(clock.dataset.due);
    const left = due - now;
    const told = clock.querySelector("[data-words]");
    const text = (left >= 0 ? words.left : words.overdue).replace("{span}", span(words, Math.abs(left)));
    if (told.textContent !== text) told.textContent = text;
    const ring = clock.querySelector(".ring");
    if (left < 0) {
      if (!clock.classList.contains("clock-overdue")) turnOverdue(clock, ring);
      continue;
    }
    const share = Math.min(1, left / Math.max(due - Date.parse(clock.dataset.opened), 1));
    const percent = String(Math.max(1, Math.round(share * 100)));
    const arc = ring.querySelector(".ring-left");
    if (arc && arc.getAttribute("stroke-dasharray") !== `${percent} 100`) arc.setAttribute("stroke-dasharray", `${percent} 100`);
    if (share <= SOON && clock.classList.contains("clock-calm")) {
      clock.classList.replace("clock-calm", "clock-soon");
      ring.setAttribute("class", "ring ring-soon");
    }
  }
}

if (template) {
  const skew = ahead();
  count(skew);
  // Whoever wants less motion is told once a minute.
  setInterval(count, matchMedia("(prefers-reduced-motion: reduce)").matches ? 60_000 : 5_000, skew);
}

// --- lists by keyboard ------------------------------------------------------------------------------------------------

const KEYS = "keys"; // "off" in this browser for whom single letters get in the way

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
}

function step(list, by) {
  const links = [...list.querySelectorAll("tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
  const row = document.activeElement.closest("tbody tr");
  const present = row ? links.indexOf(row.querySelector("a")) : -1;
  const next = links[Math.max(0, Math.min(links.length - 1, present + by))];
  next?.focus();
  next?.closest("tr").scrollIntoView({ block: "nearest" });
}

addEventListener("keydown", (event) => {
  const list = document.querySelector("[data-listing]");
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (localStorage.getItem(KEYS) === "off" || document.querySelector("dialog[open]")) return;
  if (list && event.key === "j") step(list, 1);
  else if (list && event.key === "k") step(list, -1);
  else if (event.key === "/") {
    // A list's own search, or that of the whole house.
    const search = list?.querySelector("[data-search]") ?? document.querySelector("[data-find]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  }
});

for (const keys of document.querySelectorAll("[data-keys]")) {
  const on = keys.querySelector("[data-keys-on]");
  keys.hidden = false;
  on.checked = localStorage.getItem(KEYS) !== "off";
  on.addEventListener("change", () => localStorage.setItem(KEYS, on.checked ? "on" : "off"));
}

// --- dialogs ----------------------------------------------------------------------------------------------------------

addEventListener("click", (event) => {
  const opener = event.target.closest("a[data-dialog]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.hash.slice(1)).showModal();
  }
  const closer = event.target.closest("dialog a[data-close]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
});

// --- files that are dropped -------------------------------------------------------------------------------------------

for (const drop of document.querySelectorAll("[data-drop]")) {
  for (const type of ["dragenter", "dragover"]) drop.addEventListener(type, () => drop.classList.add("drop-over"));
  for (const type of ["dragleave", "drop"]) drop.addEventListener(type, () => drop.classList.remove("drop-over"));
}
