const WORDS = { same: "Same", different: "Different", unsure: "Unsure" };

// ---- what is remembered: marks by pair, the order in which they were made, and where we are -------------------------
const STORAGE = `vidcurate-advise:${data.key}`;
const keyOf = (pair) => JSON.stringify([pair.id, pair.other]);
const pairs = data.pairs.map((pair) => ({ ...pair, key: keyOf(pair) }));
let state = { marks: {}, history: [], at: 0, reveal: false };
for (const pair of pairs) if (pair.label) state.marks[pair.key] = { label: pair.label, time: "" };
try {
  const known = JSON.parse(localStorage.getItem(STORAGE));
  if (known) state = { ...state, ...known, marks: { ...state.marks, ...known.marks } };
} catch { /* a browser that keeps nothing for files */ }
state.at = Math.min(state.at, pairs.length - 1);

function remember() {
  try {
    localStorage.setItem(STORAGE, JSON.stringify(state));
    return true;
  } catch {
    return false;
  }
}
const labelOf = (pair) => state.marks[pair.key]?.label;

// ---- arithmetic: the same as vidcurate/stage/precision.py ------------------------------------------------------------
function wilson(share, size) {
  if (size === Infinity) return [share, share];
  const z2 = data.z * data.z / size;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = data.z * Math.sqrt(share * (1 - share) / size + z2 / (4 * size)) / (1 + z2);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

function bandsNow() {
  const bands = data.bands.map((band) => ({ ...band, same: 0, different: 0, unsure: 0 }));
  for (const pair of pairs) if (labelOf(pair)) bands[pair.band][labelOf(pair)] += 1;
  return bands;
}
const judged = (band) => band.same + band.different;
const restOf = (band) => band.pairs > 1 ? (band.pairs - judged(band)) / (band.pairs - 1) : Number(band.pairs > judged(band));
function intervalOf(band) {
  if (!judged(band)) return [0, 1];
  return wilson(band.same / judged(band), restOf(band) ? judged(band) / restOf(band) : Infinity);
}

function held(bands, eps, above) {
  let left = above;
  const found = [];
  bands.forEach((band, index) => {
    const count = Math.min(band.pairs, left);
    if (count && band.inner < eps) found.push([index, count]);
    left -= count;
  });
  return found;
}

function precisionAt(bands, eps, above) {
  let share = 0, spread = 0, kish = 0;
  for (const [index, count] of held(bands, eps, above)) {
    const band = bands[index], n = judged(band);
    if (!n) return null;
    const weight = count / above, p = band.same / n, error = weight * weight * restOf(band) / n;
    share += weight * p;
    spread += error * p * (1 - p);
    kish += error;
  }
  if (!above) return null;
  let size = kish ? 1 / kish : Infinity;
  if (spread) size = Math.min(size, share * (1 - share) / spread);
  const [low, high] = wilson(share, size);
  return { eps, above, share, low, high };
}

function needed(bands, eps, above, most) {
  const now = bands.map((band) => ({ ...band })), weights = held(bands, eps, above), more = new Map();
  for (let step = 0; step < most; step++) {
    const reached = precisionAt(now, eps, above);
    if (reached && reached.low >= data.target) return more;
    let best = null, gain = -1;
    for (const [index, count] of weights) {
      const band = now[index], value = count * count / (judged(band) || 1e-9);
      if (judged(band) + band.unsure < band.pairs && value > gain) [best, gain] = [index, value];
    }
    if (best === null) return null;
    more.set(best, (more.get(best) || 0) + 1);
    now[best].same += 1;
  }
  return null;
}

function nextStep(bands, beyond) {
  let best = null;
  data.epsilons.forEach((eps, index) => {
    if (eps <= beyond || !data.above[index] || !data.bands.some((band) => band.outer === eps)) return;
    const more = needed(bands, eps, data.above[index], best ? best.total : data.most);
    const total = more && [...more.values()].reduce((sum, count) => sum + count, 0);
    if (more && total && (!best || total < best.total)) best = { eps, more, total };
  });
  return best;
}

// ---- words -----------------------------------------------------------------------------------------------------------
const similarityOf = (eps) => String(Number((1 - eps).toFixed(4)));
const rangeOf = (band) => `${similarityOf(band.outer)} – ${similarityOf(band.inner)}`;
// ---- the pair --------------------------------------------------------------------------------------------------------
function showClip(side, id) {
  const clip = data.clips[id];
  const name = `Clip ${id}${clip.source ? ` from ${clip.source}` : ""}`;
  let media;
  if (clip.kind === "image") media = element("img", "", { src: clip.href, alt: name });
  else if (clip.kind === "video") {
    media = element("video", "", { src: clip.href, "aria-label": name, playsinline: "", loop: "" });
    media.muted = true;
    media.autoplay = true;
  } else media = element("span", "no preview and no file of this clip");
  at(side).replaceChildren(media);
  const facts = [element("span", clip.source || id, { class: "source", title: clip.source || id })];
  if (clip.facts) facts.push(element("span", clip.facts, { class: "quiet" }));
  if (clip.source || clip.link) {
    const line = element("span", clip.link ? "" : id, { class: "quiet mono", title: id });
    if (clip.link) line.append(element("a", id, { href: clip.link, target: "_blank" }));
    facts.push(line);
  }
  at(`${side}-facts`).replaceChildren(...facts);
}

function showPair() {
  const pair = pairs[state.at], label = labelOf(pair);
  showClip("left", pair.id);
  showClip("right", pair.other);
  at("where").textContent = `Pair ${state.at + 1} of ${pairs.length}`;
  for (const word of Object.keys(WORDS)) at(word).setAttribute("aria-pressed", String(label === word));
  showVerdict();
  const next = pairs[state.at + 1];
  for (const id of next ? [next.id, next.other] : []) {
    if (data.clips[id].kind === "image") new Image().src = data.clips[id].href;
  }
}

function showVerdict() {
  const pair = pairs[state.at], label = labelOf(pair), line = at("verdict");
  const last = pairs.find((one) => one.key === state.history.at(-1)?.[0]);
  const say = (intro, one, word) => line.replaceChildren(
    intro, element("b", WORDS[word], { class: word }), " · similarity ", element("b", one.similarity.toFixed(4)));
  if (label) say("", pair, label);
  else if (state.reveal) line.replaceChildren("similarity ", element("b", pair.similarity.toFixed(4)));
  else if (last && labelOf(last)) say("Last pair: ", last, labelOf(last));
  else line.textContent = "The similarity is shown once the pair is marked.";
}

function mark(word) {
  const pair = pairs[state.at];
  state.history.push([pair.key, state.marks[pair.key] || null]);
  state.marks[pair.key] = { label: word, time: new Date().toISOString() };
  const following = [...pairs.keys()].map((step) => (state.at + 1 + step) % pairs.length);
  state.at = following.find((index) => !labelOf(pairs[index])) ?? state.at;
  showAll();
}

function undo() {
  const last = state.history.pop();
  if (!last) return;
  const [key, before] = last;
  if (before) state.marks[key] = before;
  else delete state.marks[key];
  const index = pairs.findIndex((pair) => pair.key === key);
  if (index >= 0) state.at = index;
  showAll();
}

function go(step) {
  state.at = Math.max(0, Math.min(pairs.length - 1, state.at + step));
  remember();
  showPair();
}

// ---- the advice ------------------------------------------------------------------------------------------------------
function showAdvice() {
  const bands = bandsNow();
  const found = data.epsilons.map((eps, index) => precisionAt(bands, eps, data.above[index]));
  let best = found.findLastIndex((one) => one && one.low >= data.target);
  while (best > 0 && data.above[best - 1] === data.above[best]) best -= 1; // no larger than takes in its last pair
  const advised = found[best];
  showBands(bands, advised);
  drawCurve(found, advised);
  const next = nextStep(bands, advised ? advised.eps : 0);
  at("eps").replaceChildren(advised ? String(advised.eps) : "–", " ", element("small", `for a precision of ${percent(data.target)}`));
  if (advised) {
    at("advice").textContent = `${percent(advised.share)} of the ${counted(advised.above, "pairs")} above ${similarityOf(advised.eps)} are the same ` +
      `(95% interval ${percent(advised.low)} – ${percent(advised.high)}). ` +
      `Keeps ${keptAt(best)[1]} of ${counted(data.total, "clips")} and drops ${keptAt(best)[0]}.` +
      (data.over ? ` ${number(data.over[best])} of ${number(data.drawn)} random pairs are above it.` : "");
    const weak = bands.find((band) => band.inner < advised.eps && judged(band) && band.same / judged(band) < data.target);
    if (weak) {
      at("advice").textContent += ` Of its pairs in ${rangeOf(weak)}, ${percent(weak.same / judged(weak))} are the same` +
        (weak.inner ? `; ${weak.inner} leaves them out.` : ".");
    }
  } else at("advice").textContent = "No epsilon has a precision whose lower end reaches that yet.";
  const where = next && [...next.more].map(([index, count]) => `${number(count)} in ${rangeOf(data.bands[index])}`).join(", ");
  const draw = next && Math.max(...[...next.more].map(([index, count]) => judged(bands[index]) + bands[index].unsure + count));
  at("more").textContent = next
    ? `${counted(next.total, "more marks")} as same would carry it to ${next.eps}: ${where}.` +
      (draw > data.per_band ? ` More pairs: advise.per_band=${draw}.` : "")
    : advised ? "More marks cannot carry it further." : "More marks cannot change that: too many pairs differ, or all are marked.";
  at("command").textContent = data.command + (advised ? ` dedup.eps=${advised.eps}` : " dedup.eps=…");
  at("copy").disabled = !advised;
}

/** What is dropped and kept at an epsilon, as words; between those that were tried, along a straight line. */
function keptAt(index) {
  const known = [...data.kept.keys()].filter((step) => data.kept[step] !== null);
  const after = known.find((step) => step >= index), before = known.findLast((step) => step <= index) ?? -1;
  const low = before < 0 ? data.total : data.kept[before];
  const kept = Math.round(low + (data.kept[after] - low) * (after > before ? (index - before) / (after - before) : 0));
  const about = data.kept[index] === null ? "about " : "";
  return [about + number(data.total - kept), about + number(kept)];
}

function showBands(bands, advised) {
  at("bands").tBodies[0].replaceChildren(...bands.map((band) => {
    const row = element("tr"), n = judged(band), [low, high] = intervalOf(band);
    if (advised && band.inner < advised.eps) row.className = "in";
    row.append(
      element("th", rangeOf(band), { scope: "row" }),
      element("td", `${band.inner} – ${band.outer}`, { class: "wide" }),
      element("td", number(band.pairs)),
      element("td", number(band.same)),
      element("td", number(band.different)),
      element("td", number(band.unsure), { class: "wide" }),
      element("td", n ? percent(band.same / n) : "–"),
      element("td", n ? `${percent(low)} – ${percent(high)}` : "–", { class: "wide" }));
    const track = element("span", "", { class: "track", role: "presentation" });
    if (n) {
      const range = element("i"), middle = element("b");
      Object.assign(range.style, { left: `${100 * low}%`, width: `${100 * (high - low)}%` });
      middle.style.left = `${100 * band.same / n}%`;
      track.append(range, middle);
    }
    const cell = element("td");
    cell.append(track);
    row.append(cell);
    return row;
  }));
}

function drawCurve(found, advised) {
  const chart = at("curve"), width = Math.max(260, chart.clientWidth), left = 40, right = width - 8, top = 10, bottom = 178;
  chart.setAttribute("viewBox", `0 0 ${width} 220`);
  const last = data.epsilons.at(-1), spacing = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1].find((one) => last / one <= 6.01);
  const shown = found.filter((one) => one);
  const least = Math.min(data.target - 0.1, ...shown.map((one) => one.low));
  const from = Math.max(0, Math.floor(least * 10) / 10);
  const x = (eps) => left + (right - left) * eps / last;
  const y = (share) => bottom - (bottom - top) * (share - from) / (1 - from);
  const draw = (...what) => chart.append(svg(...what));
  chart.replaceChildren();
  const step = from < 0.5 ? 0.25 : 0.1;
  for (let share = 1; share >= from - 1e-9; share -= step) {
    draw("line", { class: "grid", x1: left, x2: right, y1: y(share), y2: y(share) });
    draw("text", { x: left - 6, y: y(share) + 4, "text-anchor": "end" }, `${Math.round(100 * share)}%`);
  }
  for (let eps = 0; eps <= last + 1e-9; eps += spacing) {
    draw("text", { x: x(eps), y: bottom + 18, "text-anchor": x(eps) > right - 10 ? "end" : "middle" }, String(Number(eps.toFixed(3))));
  }
  draw("text", { x: (left + right) / 2, y: 216, "text-anchor": "middle" }, "epsilon");
  draw("line", { class: "goal", x1: left, x2: right, y1: y(data.target), y2: y(data.target) });
  draw("text", { x: right, y: y(data.target) - 5, "text-anchor": "end" }, `target ${percent(data.target)}`);
  if (!shown.length) {
    draw("text", { x: (left + right) / 2, y: (top + bottom) / 2, "text-anchor": "middle" }, "precision by epsilon, once pairs are marked");
    return;
  }
  const line = (part) => shown.map((one) => `${x(one.eps).toFixed(1)},${y(one[part]).toFixed(1)}`);
  draw("polygon", { class: "range", points: [...line("high"), ...line("low").reverse()].join(" ") });
  draw("polyline", { class: "line", points: line("share").join(" ") });
  if (advised) draw("circle", { class: "dot", cx: x(advised.eps), cy: y(advised.share), r: 6 });
  chart.setAttribute("aria-label", advised
    ? `Precision by epsilon: ${percent(advised.share)} at ${advised.eps}, the largest whose lower end reaches ${percent(data.target)}`
    : "Precision by epsilon; none reaches the target yet");
}

function showAll() {
  const kept = remember(), marked = pairs.filter(labelOf).length;
  at("progress").value = marked;
  at("count").textContent = marked === pairs.length ? `all ${number(marked)} marked: save the labels` : `${number(marked)} of ${number(pairs.length)} marked`;
  at("kept-here").textContent = kept ? "" : "This browser keeps no marks: save them before you leave.";
  at("undo").disabled = !state.history.length;
  at("reveal").checked = state.reveal;
  showPair();
  showAdvice();
}

// ---- labels.csv ------------------------------------------------------------------------------------------------------
function save() {
  const quoted = (value) => /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  const rows = pairs.filter(labelOf).map((pair) =>
    [pair.id, pair.other, String(pair.similarity), labelOf(pair), state.marks[pair.key].time].map(quoted).join(","));
  const text = ["id,other_id,similarity,label,time", ...rows, ""].join("\n");
  const link = element("a", "", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: "labels.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const ACTIONS = {
  s: () => mark("same"), d: () => mark("different"), u: () => mark("unsure"), z: undo,
  ArrowLeft: () => go(-1), ArrowRight: () => go(1),
};
document.addEventListener("keydown", (event) => {
  const action = ACTIONS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.repeat && !event.key.startsWith("Arrow")) return; // a key held down marks one pair
  event.preventDefault();
  action();
});
for (const word of Object.keys(WORDS)) at(word).addEventListener("click", () => mark(word));
at("undo").addEventListener("click", undo);
at("previous").addEventListener("click", () => go(-1));
at("next").addEventListener("click", () => go(1));
at("save").addEventListener("click", save);
at("reveal").addEventListener("change", () => { state.reveal = at("reveal").checked; remember(); showPair(); });
copies(at("copy"), () => at("command").textContent, at("command"));
addEventListener("resize", showAdvice);
showAll();
