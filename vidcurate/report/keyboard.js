// Keys that work everywhere on the page, and the list of all of them, which `?` opens.
const keys = [];
/** Tell of keys; `act` is done when the first of them is pressed anywhere but in a field. */
page.key = (names, what, act = null) => keys.push({ names, what, act });

const list = element("dl", "", { class: "keys" });
const dialog = element("dialog", "", { id: "keys", "aria-labelledby": "keys-title" },
  element("h2", "Keys", { id: "keys-title" }), list,
  element("form", "", { method: "dialog" }, element("button", "Close", { type: "submit" })));
const opener = element("button", "Keys ", { type: "button", id: "keys-open", "aria-keyshortcuts": "?", "aria-haspopup": "dialog" }, element("kbd", "?"));
document.body.append(dialog);
document.querySelector("nav").append(opener);

function openKeys() {
  list.replaceChildren(...keys.map(({ names, what }) => element("div", "", {},
    element("dt", "", {}, ...names.map((name) => element("kbd", name))), element("dd", what))));
  dialog.showModal();
}
opener.addEventListener("click", openKeys);

const sections = [...document.querySelectorAll("main > section")];
/** Go to the section before or after the one that a key has gone to last, or else the one in view. */
function step(way) {
  const tops = sections.map((one) => one.getBoundingClientRect().top), last = sections.indexOf(document.activeElement);
  const seen = way > 0 ? tops.findLastIndex((top) => top < 24) : tops.findIndex((top) => top > -24);
  const goal = sections[(last < 0 ? seen : last) + way];
  if (!goal) return;
  goal.tabIndex = -1;
  goal.focus({ preventScroll: true });
  goal.scrollIntoView();
}
page.key(["?"], "these keys", openKeys);
page.key(["j"], "next section", () => step(1));
page.key(["k"], "section before", () => step(-1));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const known = keys.find(({ names, act }) => act && names[0] === event.key);
  if (!known) return;
  event.preventDefault();
  known.act();
});
