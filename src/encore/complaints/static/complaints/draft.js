// Keeps what is typed into a form in this browser, for its reader alone, until it was sent: a lost line, a closed page or an
// ended session loses nothing. How a guest is reached is never kept here. Signing out clears all of it.

const KEPT_FOR = 12 * 60 * 60 * 1000;

function stored(key) {
  try {
    const found = JSON.parse(localStorage.getItem(key));
    return found && Date.now() - found.at < KEPT_FOR ? found : null;
  } catch {
    return null;
  }
}

// What others left on this device, and what is too old.
function clearAway(reader) {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("draft:") && (!key.startsWith(`draft:${reader}:`) || !stored(key))) localStorage.removeItem(key);
  }
}

function fields(form) {
  return [...form.elements].filter(
    (one) => one.name && one.name !== "csrfmiddlewaretoken" && !["file", "submit", "button"].includes(one.type) && !one.closest("[data-private]"),
  );
}

function values(form) {
  const found = {};
  for (const one of fields(form)) {
    if (one.type === "checkbox" || one.type === "radio") {
      if (one.checked) (found[one.name] ??= []).push(one.value);
    } else if (one.value) found[one.name] = [one.value];
  }
  return found;
}

function fill(form, kept) {
  for (const one of fields(form)) {
    const known = kept[one.name] ?? [];
    if (one.type === "checkbox" || one.type === "radio") one.checked = known.includes(one.value);
    else if (known.length) [one.value] = known;
  }
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const key = `draft:${form.dataset.reader}:${form.dataset.draft}`;
  clearAway(form.dataset.reader);
  const kept = stored(key);
  const told = form.querySelector("[data-draft-told]");
  if (kept && form.dataset.fresh !== undefined && kept.words) {
    fill(form, kept.values);
    told.hidden = false;
  }
  told.querySelector("button").addEventListener("click", () => {
    localStorage.removeItem(key);
    location.reload();
  });
  let waiting;
  const keep = () => {
    clearTimeout(waiting);
    const words = fields(form).some((one) => ["textarea", "text"].includes(one.type) && one.value.trim());
    localStorage.setItem(key, JSON.stringify({ at: Date.now(), words, values: values(form) }));
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, 400);
  });
  form.addEventListener("submit", keep);
}

const sent = document.querySelector("[data-draft-sent]");
if (sent) localStorage.removeItem(`draft:${sent.dataset.reader}:${sent.dataset.draftSent}`);
