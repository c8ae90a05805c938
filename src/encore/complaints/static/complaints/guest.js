// What guests' pages can do besides: they all work without it. Nothing that was written is lost when the line is.

const KEPT = 24 * 60 * 60 * 1000; // milliseconds that a draft stays on the telephone
const LONGEST = 60_000; // between two tries
const PREFIX = "guest:";

// --- what was written -------------------------------------------------------------------------------------------------

const store = {
  // A browser in private mode may have no room at all: then nothing is kept, and all else goes on.
  get(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  },
  set(key, draft) {
    try {
      localStorage.setItem(key, JSON.stringify(draft));
    } catch {}
  },
  remove(key) {
    try {
      localStorage.removeItem(key);
    } catch {}
  },
};

function forgetOld() {
  try {
    for (const key of Object.keys(localStorage).filter((one) => one.startsWith(PREFIX))) {
      const draft = store.get(key);
      if (!draft || Date.now() - draft.at > KEPT) store.remove(key);
    }
  } catch {}
}

const isKept = (element) => element.name && element.type !== "file" && element.name !== "csrfmiddlewaretoken";

class Draft {
  constructor(form) {
    this.form = form;
    this.key = `${PREFIX}${location.pathname}:${form.dataset.guest}`;
    this.told = form.querySelector("[data-told]");
    this.edit = form.querySelector("[data-edit]");
    this.isWaiting = false;
    this.pause = 2_000;
  }

  say(text, isWarning = false) {
    this.told.hidden = !text;
    this.told.textContent = text || "";
    this.told.classList.toggle("notice-note", !isWarning);
  }

  keep(isQueued) {
    const fields = [];
    for (const element of this.form.elements) {
      if (!isKept(element)) continue;
      const isChosen = element.type === "checkbox" || element.type === "radio" ? element.checked : true;
      const line = element.closest(".drop-one");
      if (isChosen && element.value) fields.push([element.name, element.value, line ? line.querySelector("span").textContent : ""]);
    }
    store.set(this.key, { at: Date.now(), fields, isQueued });
  }

  // A form that came back with its errors, or is filled in already, says more than what was kept.
  restore() {
    const draft = store.get(this.key);
    const isNew = !this.form.querySelector("[aria-invalid]") && [...this.form.querySelectorAll("textarea")].every((one) => !one.value);
    if (!draft || !isNew || (this.form.querySelector("textarea") && !draft.fields.some(([name]) => name !== "form_key" && name !== "answer_by"))) return null;
    for (const [name, value, shown] of draft.fields) {
      if (shown) {
        this.putBack(name, value, shown);
        continue;
      }
      for (const element of this.form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (element.type === "checkbox" || element.type === "radio") element.checked = element.checked || element.value === value;
        else element.value = value;
        const folded = element.type !== "hidden" && element.type !== "radio" && element.closest("details");
        if (folded) folded.open = true;
      }
    }
    return draft;
  }

  // A file that had been sent ahead: its bytes are there already.
  putBack(name, token, shown) {
    const list = this.form.querySelector(".drop-list");
    if (!list) return;
    const line = Object.assign(document.createElement("li"), { className: "drop-one" });
    line.append(Object.assign(document.createElement("span"), { textContent: shown }));
    line.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: token }));
    list.append(line);
  }

  // --- sending ---

  lock(isLocked) {
    for (const element of this.form.elements) {
      if (element.type === "submit") element.disabled = isLocked;
      else if ("readOnly" in element) element.readOnly = isLocked && isKept(element);
    }
  }

  async send() {
    this.isWaiting = false;
    this.edit.hidden = true;
    this.keep(true);
    this.lock(true);
    this.say(this.form.dataset.sending);
    let answer, text;
    try {
      // The same key every time: however often it arrives, it is one complaint.
      answer = await fetch(this.form.action, { method: "POST", body: new FormData(this.form), credentials: "same-origin" });
      if (answer.status === 503 || answer.status === 502 || answer.status === 504) throw new Error(answer.status);
      text = answer.redirected ? "" : await answer.text();
    } catch {
      this.wait();
      return;
    }
    this.lock(false);
    if (answer.redirected) {
      store.remove(this.key);
      location.replace(answer.url);
      return;
    }
    this.keep(false);
    show(text);
  }

  wait() {
    this.isWaiting = true;
    this.edit.hidden = false;
    this.say(this.form.dataset.waiting, true);
    setTimeout(() => this.again(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST);
  }

  again() {
    if (this.isWaiting && this.form.isConnected && navigator.onLine) this.send();
    else if (this.isWaiting) setTimeout(() => this.again(), this.pause);
  }

  change() {
    this.isWaiting = false;
    this.edit.hidden = true;
    this.lock(false);
    this.keep(false);
    this.say("");
  }
}

// What the server answered instead of taking it, in the place of this page.
function show(text) {
  const came = new DOMParser().parseFromString(text, "text/html").querySelector("main");
  if (!came) return;
  document.querySelector("main").replaceWith(came);
  begin(came, false);
  const wrong = came.querySelector("[aria-invalid], [role=alert]") || came.querySelector("h1");
  wrong.scrollIntoView({ block: "center" });
  if (wrong.matches("input, textarea, select")) wrong.focus();
}

function begin(root, isFirst) {
  for (const form of root.querySelectorAll("form[data-guest]")) {
    const draft = new Draft(form);
    const kept = isFirst ? draft.restore() : null;
    let timer = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => draft.keep(draft.isWaiting), 300);
    });
    addEventListener("pagehide", () => {
      if (timer && store.get(draft.key)) draft.keep(draft.isWaiting);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(timer);
      draft.send();
    });
    draft.edit.addEventListener("click", () => draft.change());
    addEventListener("online", () => draft.again());
    document.addEventListener("visibilitychange", () => draft.again());
    if (kept && kept.isQueued) draft.send();
    else if (kept) draft.say(form.dataset.restored);
  }
}

// --- the address of the page ------------------------------------------------------------------------------------------

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    document.execCommand("copy"); // where there is no https, and in old browsers
  }
  button.textContent = button.dataset.copied;
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

forgetOld();
begin(document, true);

// What can wait until the page stands: sending files ahead, and counting down.
const later = () => {
  const sends = document.querySelector("form[data-upload] [data-drop]");
  if (sends) import(sends.closest("form").dataset.upload);
  const counts = document.querySelector("[data-kit]");
  if (counts) import(counts.dataset.kit);
};
if (document.readyState === "complete") later();
else addEventListener("load", later, { once: true });
