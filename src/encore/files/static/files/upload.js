// Sends files before their form, piece by piece, so that a weak line costs a piece and not a video. The form works without.

const PIECE = 1 << 20;
const PATIENCE = 12; // tries without a byte of progress, some five minutes
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

class Refused extends Error {}

async function hash(piece) {
  if (!crypto.subtle) return ""; // only over https, or on this machine
  const digest = await crypto.subtle.digest("SHA-256", await piece.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Until the line is back, or for as long as doubles with every try.
function pause(tries) {
  const signal = new Promise((done) => addEventListener("online", done, { once: true }));
  return navigator.onLine ? wait(Math.min(500 * 2 ** tries, 30_000)) : Promise.race([signal, wait(60_000)]);
}

class Sending {
  constructor(zone, file, shown) {
    this.zone = zone;
    this.file = file;
    this.shown = shown;
    this.ended = new AbortController();
    // By this a file that is chosen again goes on where it stood, also after the page was closed.
    this.key = `upload:${zone.dataset.drop}:${file.name}:${file.size}:${file.lastModified}`;
  }

  async ask(address, method, options = {}) {
    const { csrf, ticket } = { csrf: this.zone.closest("form").elements.csrfmiddlewaretoken.value, ticket: this.zone.dataset.ticket };
    const headers = { "X-CSRFToken": csrf, "Upload-Ticket": ticket, ...options.headers };
    const answer = await fetch(address, { ...options, method, headers, signal: this.ended.signal, credentials: "same-origin" });
    const told = answer.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : {};
    return { status: answer.status, told };
  }

  async begin() {
    const known = localStorage.getItem(this.key);
    if (known) {
      const { status, told } = await this.ask(known, "GET");
      if (status === 200) return { address: known, told };
      localStorage.removeItem(this.key);
    }
    const body = JSON.stringify({ name: this.file.name, size: this.file.size });
    const { status, told } = await this.ask(this.zone.dataset.drop, "POST", { body, headers: { "Content-Type": "application/json" } });
    if (status !== 201) throw status < 500 || status === 507 ? new Refused(told.error) : new Error(status);
    const address = `${this.zone.dataset.drop}${told.token}/`;
    localStorage.setItem(this.key, address);
    return { address, told };
  }

  async piece(address, offset) {
    const body = this.file.slice(offset, offset + PIECE);
    const headers = { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    const sum = await hash(body);
    if (sum) headers["Upload-Checksum"] = sum;
    const { status, told } = await this.ask(address, "PATCH", { body, headers });
    if ([200, 409, 460].includes(status)) return told; // where to go on from
    throw status < 500 || status === 507 ? new Refused(told.error) : new Error(status);
  }

  async send() {
    let tries = 0;
    for (;;) {
      try {
        let { address, told } = await this.begin();
        while (told.offset < this.file.size) {
          const before = told.offset;
          this.shown.progress(before, this.file.size);
          told = await this.piece(address, before);
          if (told.offset > before) tries = 0;
          else if (++tries > PATIENCE) throw new Refused(this.zone.dataset.lost);
        }
        const { status, told: ended } = told.complete ? { status: 200, told } : await this.ask(address, "POST");
        if (status !== 200) throw status < 500 ? new Refused(ended.error) : new Error(status);
        localStorage.removeItem(this.key);
        return ended;
      } catch (error) {
        if (this.ended.signal.aborted) return null;
        if (error instanceof Refused) {
          localStorage.removeItem(this.key);
          throw error;
        }
        if (++tries > PATIENCE) throw new Refused(this.zone.dataset.lost);
        this.shown.say(this.zone.dataset.waiting);
        await pause(tries);
      }
    }
  }

  stop() {
    this.ended.abort();
    const known = localStorage.getItem(this.key);
    localStorage.removeItem(this.key);
    if (known) new Sending(this.zone, this.file, this.shown).ask(known, "DELETE").catch(() => {});
  }
}

// A line of the list: the name, how far it is, what went wrong, and the way to take it back.
class Line {
  constructor(zone, name) {
    this.node = zone.querySelector("template").content.firstElementChild.cloneNode(true);
    this.node.querySelector("span").textContent = name;
    this.bar = this.node.querySelector("progress");
    this.told = this.node.querySelector(".drop-said");
    zone.querySelector(".drop-list").append(this.node);
  }

  progress(sent, size) {
    this.bar.value = sent / size;
    this.say(`${Math.floor((100 * sent) / size)} %`);
  }

  say(text) {
    if (this.told.textContent !== text) this.told.textContent = text ?? "";
  }

  keep(zone, token) {
    const kept = Object.assign(document.createElement("input"), { type: "hidden", name: `${zone.dataset.name}-kept`, value: token });
    this.node.append(kept);
    this.bar.remove();
    this.say(zone.dataset.here);
  }

  fail(text) {
    this.node.classList.add("drop-failed");
    this.bar.remove();
    this.say(`▲ ${text}`);
  }
}

const underway = new WeakMap(); // by form: how many files are on their way

function busy(form, by) {
  const number = (underway.get(form) ?? 0) + by;
  underway.set(form, number);
  for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = number > 0;
}

async function take(zone, file) {
  const form = zone.closest("form");
  const line = new Line(zone, file.name);
  const sending = new Sending(zone, file, line);
  line.node.querySelector("button").addEventListener("click", () => {
    sending.stop();
    line.node.remove();
  });
  busy(form, 1);
  try {
    const told = await sending.send();
    if (told) line.keep(zone, told.token);
  } catch (error) {
    line.fail(error.message);
  } finally {
    busy(form, -1);
  }
}

for (const zone of document.querySelectorAll("[data-drop]:is([data-ticket])")) {
  const input = zone.querySelector("input[type=file]");
  for (const line of zone.querySelectorAll(".drop-one")) {
    const button = line.querySelector("button");
    button.hidden = false;
    button.addEventListener("click", () => line.remove());
  }
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = ""; // they go ahead of the form, and not with it
    for (const file of files) take(zone, file);
  });
}
