// Bounds of filters that can be moved: what they would keep of all clips, counted as vidcurate/filter/bound.py has it.
const BARS = 32, FINE = 400, COARSE = 200, BESIDE = 3;
const total = data.scores.charts ? clips.total : 0;
const charts = (data.scores.charts ?? []).map((chart) => ({ ...chart, values: column(chart.values) }));
const beyond = new Int16Array(total); // how many bounds, and other reasons, speak against each clip
const spoken = data.scores.spoken ? column(data.scores.spoken) : []; // kept by a person's word, whatever speaks against it
for (const row of spoken) beyond[row] = -1000;
const beyondOf = {}; // the same of each filter alone
for (const [name, rows] of Object.entries(data.scores.fixed ?? {})) {
  beyondOf[name] = new Uint8Array(total);
  for (const row of column(rows)) { beyond[row] += 1; beyondOf[name][row] += 1; }
}

for (const chart of charts) {
  chart.order = Uint32Array.from([...chart.values.keys()].filter((row) => !Number.isNaN(chart.values[row])))
    .sort((one, other) => chart.values[one] - chart.values[other]);
  chart.x = (value) => chart.high > chart.low ? Math.max(0, Math.min(1, (value - chart.low) / (chart.high - chart.low))) : 0.5;
}

const sliders = (data.scores.sliders ?? []).map((slider) => {
  const chart = charts.find((one) => one.filter === slider.filter && one.score === slider.score);
  const values = candidates(chart, slider.value), steps = slider.drops === "below" ? [null, ...values] : [...values, null];
  beyondOf[slider.filter] ??= new Uint8Array(total);
  return { ...slider, chart, steps, at: steps.indexOf(slider.value), flags: new Uint8Array(total), dropped: 0 };
});
for (const chart of charts) chart.sliders = sliders.filter((slider) => slider.chart === chart);

/** The shortest decimal between two numbers; undefined where there is none. */
function between(low, high) {
  for (let digits = 1; digits <= 17; digits++) {
    const found = Number(((low + high) / 2).toPrecision(digits));
    if (low < found && found < high) return found;
  }
  return undefined;
}

/** Bounds that a slider may take, rising: between neighbouring scores, of many scores some hundred, and the run's own. */
function candidates({ order, values, low, high }, given) {
  const distinct = [...new Set(Array.from(order, (row) => values[row]))], last = distinct.length - 2;
  let chosen = [...Array(Math.max(0, last + 1)).keys()];
  if (chosen.length > FINE) {
    const evenly = Array.from({ length: COARSE + 1 }, (_, step) => Math.floor(last * step / COARSE));
    const wide = Array.from({ length: COARSE - 1 }, (_, step) => first(distinct, (value) => value > low + (high - low) * (step + 1) / COARSE) - 1);
    chosen = [...new Set([...evenly, ...wide])].filter((index) => index >= 0 && index <= last);
  }
  const found = new Set(chosen.map((index) => between(distinct[index], distinct[index + 1])).filter((value) => value !== undefined));
  if (given !== null) found.add(given);
  return [...found].sort((one, other) => one - other);
}

const bound = (slider) => slider.steps[slider.at];
const wordOf = (slider) => bound(slider) === null ? "off" : String(bound(slider));

/** Hold all clips against a bound anew. */
function apply(slider) {
  const limit = bound(slider), { values } = slider.chart, { flags } = slider, own = beyondOf[slider.filter];
  slider.dropped = 0;
  for (let row = 0; row < total; row++) {
    const now = limit === null ? 0 : Number(slider.drops === "below" ? values[row] < limit : values[row] > limit);
    const change = now - flags[row];
    if (change) { flags[row] = now; beyond[row] += change; own[row] += change; }
    slider.dropped += now;
  }
}

function counts() {
  let kept = 0, seconds = 0, all = 0;
  for (let row = 0; row < total; row++) {
    all += clips.duration[row];
    if (beyond[row] <= 0) { kept += 1; seconds += clips.duration[row]; }
  }
  return { kept, seconds, all };
}

const changed = () => sliders.filter((slider) => bound(slider) !== slider.value);
const override = (slider) => `filter.${slider.filter}.${slider.key}=${bound(slider) === null ? "null" : bound(slider)}`;

function set(slider, step) {
  slider.at = Math.max(0, Math.min(slider.steps.length - 1, step));
  const other = slider.chart.sliders.find((one) => one !== slider && one.drops !== slider.drops);
  const crossed = () => other && bound(other) !== null && bound(slider) !== null &&
    (slider.drops === "below" ? bound(slider) > bound(other) : bound(slider) < bound(other));
  while (crossed()) slider.at += slider.drops === "below" ? -1 : 1;
  slider.chart.active = slider;
  apply(slider);
  show(slider);
}

// ---- what is shown ---------------------------------------------------------------------------------------------------
let run = null;
function showCounts() {
  const now = counts(), words = changed().map(override);
  run ??= now;
  const difference = now.kept - run.kept;
  document.querySelector("#scores .count").replaceChildren(
    element("strong", counted(now.kept, "clips")), ` of ${number(total)} pass the filters, `,
    element("strong", timespan(now.seconds)), ` of ${timespan(now.all)}`,
    difference ? ` (${difference > 0 ? "+" : "−"}${counted(Math.abs(difference), "clips")} against this run)` : "");
  at("scores-overrides").textContent = words.join(" ");
  const moved = (word) => changed().some(({ filter, key }) => word.replace(/^'/, "").startsWith(`filter.${filter}.${key}=`));
  at("scores-command").textContent = [...data.scores.command.filter((word) => !moved(word)), ...words].join(" ");
  document.querySelector("#scores .recount").classList.toggle("moved", words.length > 0);
}

function showBars(chart) {
  const own = beyondOf[chart.filter], width = (chart.high - chart.low) / BARS;
  const kept = new Uint32Array(BARS), dropped = new Uint32Array(BARS);
  for (const row of chart.order) {
    const bar = width ? Math.max(0, Math.min(BARS - 1, Math.floor((chart.values[row] - chart.low) / width))) : BARS / 2;
    (own[row] ? dropped : kept)[bar] += 1;
  }
  const top = Math.max(1, ...kept.map((count, bar) => count + dropped[bar]));
  const rect = (kind, bar, from, count) => svg("rect", {
    class: kind, x: bar + 0.06, width: 0.88, y: 100 - 100 * (from + count) / top, height: 100 * count / top });
  chart.svg.replaceChildren(...[...kept.keys()].flatMap((bar) => [
    ...(kept[bar] ? [rect("kept", bar, 0, kept[bar])] : []),
    ...(dropped[bar] ? [rect("dropped", bar, kept[bar], dropped[bar])] : []),
  ]));
}

function showHandle(slider) {
  const limit = bound(slider), off = limit === null, { handle, chart } = slider;
  const value = off ? (slider.drops === "below" ? chart.low : chart.high) : limit;
  handle.style.left = `${100 * (off ? Number(slider.drops === "above") : chart.x(limit))}%`;
  handle.classList.toggle("off", off);
  handle.setAttribute("aria-valuenow", String(value));
  const drops = off ? "drops none" : `drops ${counted(slider.dropped, "clips")}`;
  handle.setAttribute("aria-valuetext", `${wordOf(slider)}: ${drops}`);
  slider.line.replaceChildren(
    element("code", `${slider.key} ${wordOf(slider)}`), " ",
    element("span", off ? "" : `drops ${counted(slider.dropped, "clips")} as ${slider.reason.replaceAll("_", " ")}`, { class: "quiet" }));
}

/** Clips just on each side of the bound that was moved last; where it is off, those that it would drop first. */
function showSides(chart) {
  const slider = chart.active, limit = bound(slider), below = slider.drops === "below", { order, values } = chart;
  const side = (rows, title, whole = "") => element("div", "", { class: `side ${whole}` },
    element("p", title, { class: "title" }),
    ...(rows.length ? [...rows].map((row) => figure(row, { badge: short(values[row]), brief: true })) : [element("p", "none", { class: "quiet" })]));
  chart.sides.setAttribute("aria-label", `Clips next to filter.${slider.filter}.${slider.key}`);
  if (limit === null) {
    const extreme = below ? order.slice(0, 2 * BESIDE) : order.slice(-2 * BESIDE);
    chart.sides.replaceChildren(side(extreme, `${slider.key} is off; it would drop these from the ${below ? "left" : "right"}`, "whole"));
    return;
  }
  const split = first(order, (row) => below ? values[row] >= limit : values[row] > limit);
  const before = order.slice(Math.max(0, split - BESIDE), split), after = order.slice(split, split + BESIDE);
  chart.sides.replaceChildren(side(before, below ? "Just dropped" : "Just kept"), side(after, below ? "Just kept" : "Just dropped"));
}

const waiting = new Set();
function show(slider) {
  showHandle(slider);
  showCounts();
  waiting.add(slider.chart);
  if (waiting.size === 1) requestAnimationFrame(flush);
}
function flush() {
  const filters = new Set([...waiting].map((chart) => chart.filter));
  for (const chart of charts) if (filters.has(chart.filter)) showBars(chart);
  for (const chart of waiting) showSides(chart);
  waiting.clear();
}

/** The step of a slider at a place of its chart, 0 to 1; at the far end it is off. */
function stepAt(slider, x) {
  const below = slider.drops === "below", numbers = slider.steps.filter((value) => value !== null);
  if (below ? x <= 0 : x >= 1) return slider.steps.indexOf(null);
  return nearest(numbers, x, slider.chart.x) + Number(below);
}

function handled(slider) {
  const told = slider.drops === "below" ? "less" : "more", name = `filter.${slider.filter}.${slider.key}`;
  return {
    label: `${name}: clips with ${told} are dropped as ${slider.reason.replaceAll("_", " ")}`,
    low: slider.chart.low, high: slider.chart.high,
    place: (x) => stepAt(slider, x), at: () => slider.at, set: (step) => set(slider, step),
  };
}

document.querySelectorAll("#scores .score").forEach((row, index) => {
  const chart = charts[index], list = row.querySelector(".bounds");
  Object.assign(chart, { field: row.querySelector(".field"), svg: row.querySelector("svg"), sides: row.querySelector(".sides") });
  chart.sides.setAttribute("role", "group");
  handles(chart.field, chart.sliders.map(handled)).forEach((handle, index) => {
    Object.assign(chart.sliders[index], { handle, line: element("li") });
    list.append(chart.sliders[index].line);
  });
  chart.active = chart.sliders.find((slider) => slider.value !== null) ?? chart.sliders[0];
});
if (sliders.length) {
  sliders.forEach(apply);
  sliders.forEach(show);
  document.querySelector("#scores .recount").hidden = false;
  at("scores-reset").addEventListener("click", () => {
    for (const slider of changed()) set(slider, slider.steps.indexOf(slider.value));
    for (const slider of changed()) set(slider, slider.steps.indexOf(slider.value)); // one may have stood in another's way
  });
  copies(at("scores-copy"), () => at("scores-overrides").textContent, at("scores-overrides"));
  copies(at("scores-copy-command"), () => at("scores-command").textContent, at("scores-command"));
}
page.key(["←", "→"], "on a bound or the epsilon: a step; Page Up, Page Down: ten");
page.scores = { sliders, set, counts, bound, kept: () => clips.ids.slice(0, total).filter((_, row) => beyond[row] <= 0) };
