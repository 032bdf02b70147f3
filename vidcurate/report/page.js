"use strict";
// What the scripts of the pages share: their data, numbers as people read them, elements, and how a clip is shown.
// Texts of others (names, captions) become text nodes and attributes only, never markup.
const at = (id) => document.getElementById(id);
const data = JSON.parse(at("data").textContent);
const page = {}; // what sections tell each other, and tests

// ---- numbers: as in vidcurate/report/units.py ------------------------------------------------------------------------
const number = (value) => value.toLocaleString("en-US");
const percent = (value) => `${(100 * value).toFixed(1)}%`;
function short(value) {
  const size = Math.abs(value);
  if (size >= 1000 && size < 1e9) return number(Math.round(value));
  return size && size < 1e-4 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}
const counted = (value, things) => `${number(value)} ${value === 1 ? things.replace(/s$/, "") : things}`;
const padded = (value, digits = 2) => String(value).padStart(digits, "0");

function timespan(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds.toFixed(1)} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${padded(whole % 60)} s`;
  const minutes = Math.round(seconds / 60), hours = Math.floor(minutes / 60);
  return hours < 100 ? `${hours} h ${padded(minutes % 60)} min` : `${number(hours)} h`;
}

function clock(seconds) {
  const tenths = Math.round(seconds * 10), hours = Math.floor(tenths / 36000), minutes = Math.floor(tenths / 600) % 60;
  const rest = padded((tenths % 600 / 10).toFixed(1), 4);
  return hours ? `${hours}:${padded(minutes)}:${rest}` : `${minutes}:${rest}`;
}

// ---- columns of numbers: see vidcurate/report/packing.py -------------------------------------------------------------
const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };
function column(packed) {
  const [[type, text]] = Object.entries(packed);
  return new ARRAYS[type](Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

// ---- elements --------------------------------------------------------------------------------------------------------
function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
const element = (name, text = "", attributes = {}, ...children) =>
  filled(document.createElement(name), attributes, text === "" ? children : [String(text), ...children]);
const svg = (name, attributes = {}, text = "") =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, text === "" ? [] : [String(text)]);

/** Let a button copy a text; where that is not allowed, `shown` is selected instead, to be copied by hand. */
function copies(button, text, shown) {
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    } catch {
      getSelection().selectAllChildren(shown);
    }
  });
}

/** Index of the first of rising things that a test holds for; their number where it holds for none. */
function first(things, holds) {
  let low = 0, high = things.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(things[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Index of the number that lies nearest to x; things rise, `of` places them. */
function nearest(things, x, of = (thing) => thing) {
  const after = first(things, (thing) => of(thing) >= x);
  const before = after > 0 && (after === things.length || x - of(things[after - 1]) < of(things[after]) - x);
  return after - Number(before);
}

// ---- sliders: handles on a field, moved by pointer and keys ----------------------------------------------------------
const KEYS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity };

/** Put handles on a field, an element that is as wide as what they choose from.
 *
 * Each has a `label`, `low` and `high`, `place(x)`: the step at 0 to 1 of the width, `at()`: its step, and `set(step)`.
 * Returns their nodes; whoever sets them also moves them, by `left` and `aria-valuenow`.
 */
function handles(field, wanted) {
  const made = wanted.map((one) => {
    const node = element("span", "", {
      class: "handle", role: "slider", tabindex: "0", "aria-orientation": "horizontal",
      "aria-label": one.label, "aria-valuemin": one.low, "aria-valuemax": one.high,
    });
    node.addEventListener("keydown", (event) => {
      const step = KEYS[event.key];
      if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      one.set(one.at() + step);
    });
    field.append(node);
    return { ...one, node };
  });
  let held = null;
  const place = (event) => {
    const box = field.getBoundingClientRect();
    return (event.clientX - box.left) / box.width;
  };
  field.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const x = place(event), far = ({ node }) => Math.abs(x - parseFloat(node.style.left) / 100);
    held = made.find(({ node }) => node === event.target) ?? made.toSorted((one, other) => far(one) - far(other))[0];
    field.setPointerCapture(event.pointerId);
    held.node.focus({ preventScroll: true });
    event.preventDefault();
    if (held.node !== event.target) held.set(held.place(x));
  });
  field.addEventListener("pointermove", (event) => { if (held) held.set(held.place(place(event))); });
  for (const end of ["pointerup", "pointercancel"]) field.addEventListener(end, () => { held = null; });
  return made.map(({ node }) => node);
}

// ---- clips: see vidcurate/report/clips.py ----------------------------------------------------------------------------
const clips = data.columns && {
  ...data.columns,
  pictures: JSON.parse(at("pictures").textContent),
  ...Object.fromEntries(["source", "reason", "start", "duration", "width", "height", "drawn", "fate", "witness", "similarity"].map((name) => [name, column(data.columns[name])])),
  folder: column(data.columns.links.folder),
};

/** What is known of the clip of a row.
 *
 * Times are seconds; `link` and `picture` are empty where there is none; `witness`, the row of the clip that a duplicate
 * was dropped for, is -1 where that is none of the page.
 */
function clip(row) {
  const id = clips.ids[row], folder = clips.links.folders[clips.folder[row]];
  const beside = clips.drawn[row] ? `${clips.base}previews/${encodeURIComponent(id)}.jpg` : "";
  return {
    row, id,
    source: clips.sources[clips.source[row]],
    start: clips.start[row], duration: clips.duration[row], end: clips.start[row] + clips.duration[row],
    width: clips.width[row], height: clips.height[row],
    caption: clips.captions[row] ?? "",
    fate: clips.fates[clips.fate[row]],
    reason: clips.reasons[clips.reason[row]].replaceAll("_", " "),
    witness: clips.witness[row], similarity: clips.similarity[row],
    link: folder ? `${clips.base}${folder}${encodeURIComponent(id)}.mp4` : "",
    picture: clips.pictures[row] ?? beside,
  };
}

/** A clip as a figure.
 *
 * badge: a word on the picture. brief: the name of its file and its caption only. lines: texts that are added.
 */
function figure(row, { badge = "", brief = false, lines = [] } = {}) {
  const one = clip(row), name = one.source || one.id;
  const frame = element(one.link ? "a" : "div", "", { class: "frame", ...(one.link && { href: one.link }) });
  const none = () => element("span", "no picture", { class: "blank" });
  if (one.picture) {
    const picture = element("img", "", { src: one.picture, alt: `Clip ${one.id}${one.source && ` from ${one.source}`}`, loading: "lazy" });
    picture.addEventListener("error", () => picture.replaceWith(none()));
    frame.append(picture);
  } else frame.append(none());
  if (badge) frame.append(element("span", badge, { class: "badge" }));
  const said = [element("span", brief ? name.split("/").at(-1) : name, { class: "source", title: name })];
  if (!brief && one.duration) {
    said.push(element("span", `${clock(one.start)}–${clock(one.end)} · ${one.width}×${one.height}`, { class: "quiet" }));
  }
  if (brief && one.caption) said.push(element("span", one.caption, { class: "said" }));
  said.push(...lines.map((line) => element("span", line, { class: "quiet" })));
  return element("figure", "", { class: "clip" }, frame, element("figcaption", "", {}, ...said));
}
