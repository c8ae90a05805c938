// Marking rows of the queue by keyboard and all at once, and phrases put where one writes. Without it the boxes are boxes, and
// a phrase is a link that fills in the form.

const boxes = [...document.querySelectorAll('input[name="mark"]')];
const all = document.querySelector("[data-mark-all]");
const told = document.querySelector("[data-marked]");
const plain = told?.textContent;

function tell() {
  const number = boxes.filter((box) => box.checked).length;
  document.getElementById("marked")?.classList.toggle("is-marked", number > 0);
  if (told) told.textContent = number ? told.dataset.marked.replace("{n}", number) : plain;
  if (all) {
    all.checked = number === boxes.length && number > 0;
    all.indeterminate = number > 0 && number < boxes.length;
  }
}

if (all) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
}
for (const box of boxes) box.addEventListener("change", tell);

addEventListener("keydown", (event) => {
  if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.isContentEditable || /^(SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.target.tagName === "INPUT" && event.target.type !== "checkbox") return;
  if (localStorage.getItem("keys") === "off" || document.querySelector("dialog[open]")) return;
  const box = document.activeElement.closest("tbody tr")?.querySelector('input[name="mark"]');
  if (!box) return;
  box.checked = !box.checked;
  tell();
});

tell();

addEventListener("click", (event) => {
  const phrase = event.target.closest("a[data-phrase]");
  const field = phrase && document.getElementById(phrase.dataset.phrase);
  if (!field) return;
  event.preventDefault();
  field.value = [field.value.trimEnd(), phrase.dataset.words].filter(Boolean).join("\n");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
