// How a clip is told beside a map, a timeline or a search: its picture, what became of it, and where else it is shown.

// ---- fates: told by shape and word, not by colour alone --------------------------------------------------------------
page.fates = clips ? clips.fates : [];
const DIAMOND = (x, y, r) => `M${x - r} ${y}l${r} ${-r}l${r} ${r}l${-r} ${r}z`;
const TRIANGLE = (x, y, r) => `M${x - r} ${y + 0.8 * r}h${2 * r}l${-r} ${-1.7 * r}z`;
const CIRCLE = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
/** The path of a mark at a place: a circle is kept, a triangle filtered, a diamond a duplicate. */
page.mark = (fate, x, y, r) => ({ filtered: TRIANGLE, duplicate: DIAMOND }[fate] ?? CIRCLE)(x, y, r);
page.sign = (fate) => {
  const sign = svg("svg", { viewBox: "0 0 16 16", class: "sign", "aria-hidden": "true" });
  sign.append(svg("path", { d: page.mark(fate, 8, 8, 6), class: fate }));
  return sign;
};

// ---- the card --------------------------------------------------------------------------------------------------------
/** A figure of the clip of a row, with its first frame where there is no picture of it but a file. */
function pictured(row, options) {
  const one = clip(row), shown = figure(row, options), blank = shown.querySelector(".blank");
  if (blank && one.link) {
    const name = `Clip ${one.id} from ${one.source}`;
    const video = element("video", "", { src: `${one.link}#t=0.1`, preload: "metadata", playsinline: "", "aria-label": name });
    video.muted = true;
    video.addEventListener("error", () => video.replaceWith(blank));
    blank.replaceWith(video);
  }
  return shown;
}

/** What became of the clip of a row, in words. */
function fateOf(row) {
  const one = clip(row), line = element("p", "", { class: "fate" }, page.sign(one.fate), element("strong", one.fate));
  if (one.reason) line.append(` ${one.reason}`);
  if (one.fate === "duplicate" && one.similarity) line.append(`, cosine ${one.similarity.toFixed(4)}`);
  if (one.witness >= 0) line.append(" of ", leading(one.witness, clip(one.witness).source.split("/").at(-1) || clip(one.witness).id));
  return line;
}

/** A button that leads to where a clip is in its video, or its name where that is not shown. */
function leading(row, text) {
  if (!page.shots?.has(row)) return text;
  const button = element("button", text, { type: "button", class: "leading" });
  button.addEventListener("click", () => page.shots.show(row));
  return button;
}

/** All that is known of the clip of a row.
 *
 * brief: for a sheet of many. where: a line before it. scores: pairs of name and value. shots: whether a button leads to
 * its place in its video.
 */
page.told = (row, { brief = false, where = "", scores = [], shots = false } = {}) => {
  const one = clip(row), told = element("div", "", { class: "told" });
  if (where) told.append(element("p", where, { class: "quiet" }));
  told.append(pictured(row, { badge: brief ? timespan(one.duration) : "", brief }), fateOf(row));
  if (!brief && one.caption) told.append(element("p", one.caption, { class: "said" }));
  if (scores.length) {
    const rows = scores.map(([name, value]) => element("div", "", {}, element("dt", name), element("dd", short(value))));
    told.append(element("dl", "", { class: "scores" }, ...rows));
  }
  if (!brief) told.append(element("p", one.id, { class: "id" }));
  if (shots && page.shots?.has(row)) told.append(element("p", "", {}, leading(row, brief ? "In its video" : "Show it in its video")));
  return told;
};
