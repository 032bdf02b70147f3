// What dedup has decided, and what it would decide at another epsilon: the rules of vidcurate/dedup on the stored pairs.
const KINDS = [
  ["borderline", "Closest to the threshold", "Dropped, but only just. If these are no duplicates, epsilon is too large.", "dropped"],
  ["alike", "Most alike", "Dropped beyond doubt.", "dropped"],
  ["missed", "Just missed", "Kept, as the similarity is not above the threshold. If these are duplicates, epsilon is too small.", "kept"],
];
const BORDERLINE = 16, ALIKE = 8, MISSED = 8, GROUPS = 12, MEMBERS = 8, NOBODY = -1, KEPT = 1, DROPPED = 2;
const COPIES = ["semantic_duplicate", "exact_copy", "perceptual_copy"];
const graph = data.duplicates.linked && Object.fromEntries(Object.entries(data.duplicates.linked)
  .map(([name, value]) => [name, value && typeof value === "object" ? column(value) : value]));

// ---- deciding: as vidcurate/stage/decide.py; clips are numbered by rank, the one that is kept first is 0 ---------------
const above = (similarity, eps) => similarity > Math.fround(1 - eps);

/** Whether the rule's epsilon makes duplicates of a pair. */
function linkedBy(eps) {
  const { source, scope, within, across } = graph;
  if (!source) return (pair) => above(graph.similarity[pair], eps);
  return (pair) => {
    const same = source[graph.first[pair]] === source[graph.second[pair]];
    if (scope === "within_source" && !same || scope === "across_sources" && same) return false;
    return above(graph.similarity[pair], (same ? within : across) ?? eps);
  };
}

/** Of each clip the one that it is dropped for, or itself; and how similar the two are. */
function witnesses(eps, open) {
  const n = graph.rows.length, witness = Int32Array.from({ length: n }, (_, clip) => clip), similarity = new Float32Array(n).fill(-2);
  const linked = linkedBy(eps), links = [];
  for (let pair = 0; pair < graph.first.length; pair++) {
    const [one, other] = [graph.first[pair], graph.second[pair]];
    if (!open[one] || !open[other] || !linked(pair)) continue;
    if (graph.rule === "components") { links.push(pair); continue; }
    if (graph.rule === "leader" && witness[one] !== one) continue; // pairs are sorted: the fate of the first is known
    if (graph.similarity[pair] > similarity[other]) {
      witness[other] = one;
      similarity[other] = graph.similarity[pair];
    }
  }
  return graph.rule === "components" ? chained(links, witness, similarity) : { witness, similarity };
}

/** Components: of each clip the next on a shortest chain to the best of its group. */
function chained(links, witness, similarity) {
  const near = new Map(), open = new Set();
  for (const pair of links) {
    for (const [one, other] of [[graph.first[pair], graph.second[pair]], [graph.second[pair], graph.first[pair]]]) {
      if (!near.has(one)) near.set(one, []);
      near.get(one).push([other, graph.similarity[pair]]);
      open.add(one);
    }
  }
  for (const best of [...open].sort((one, other) => one - other)) {
    if (!open.delete(best)) continue;
    for (let ring = [best]; ring.length;) {
      const next = [];
      for (const clip of ring) {
        for (const [other, value] of near.get(clip)) {
          if (!open.delete(other)) continue;
          witness[other] = clip;
          similarity[other] = value;
          next.push(other);
        }
      }
      ring = next;
    }
  }
  return { witness, similarity };
}

/** The fate of every clip at an epsilon. */
function decide(eps) {
  const n = graph.rows.length, known = (clip) => graph.known !== null && above(graph.known[clip], eps);
  const open = Uint8Array.from({ length: n }, (_, clip) => Number(!known(clip) && graph.said[clip] !== DROPPED));
  const own = witnesses(eps, open), witness = own.witness.slice(), similarity = own.similarity.slice();
  const equal = above(1, eps); // at 0 not even equal vectors are duplicates
  for (let clip = 0; clip < n; clip++) {
    const stand = graph.stands[clip];
    if (stand === clip || !open[clip] || !(equal || graph.copies[clip])) continue;
    witness[clip] = own.witness[stand];
    similarity[clip] = witness[clip] === stand ? graph.nearest[clip] : own.similarity[stand];
  }
  for (let clip = 0; clip < n; clip++) if (graph.said[clip] === KEPT) witness[clip] = clip;
  const kept = Uint8Array.from({ length: n }, (_, clip) => Number(witness[clip] === clip && open[clip]));
  return { eps, open, witness, similarity, kept, removed: n - kept.reduce((sum, one) => sum + one, 0) };
}

/** Groups, the largest first: of each the clip that is kept and those that are dropped for it, by similarity. */
function groupsOf({ open, witness, similarity }) {
  const found = new Map();
  const root = (clip) => { while (witness[clip] !== clip) clip = witness[clip]; return clip; };
  for (let clip = 0; clip < witness.length; clip++) {
    const best = root(clip);
    if (best === clip || !open[best]) continue;
    if (!found.has(best)) found.set(best, []);
    found.get(best).push(clip);
  }
  const id = (clip) => clips.ids[graph.rows[clip]], order = (one, other) => id(one) < id(other) ? -1 : 1;
  const listed = [...found].sort(([one, mine], [other, theirs]) => theirs.length - mine.length || order(one, other));
  for (const [, members] of listed) members.sort((one, other) => similarity[other] - similarity[one] || order(one, other));
  return listed;
}

/** What is to be seen of a fate, in the form in which Python tells that of the run. */
function told(fate) {
  const { witness, similarity, kept, open } = fate, row = (clip) => graph.rows[clip], id = (clip) => clips.ids[row(clip)];
  const by = (value, sign) => (one, other) => sign * (value[one] - value[other]) || (id(one) < id(other) ? -1 : 1);
  const all = [...witness.keys()], dropped = all.filter((clip) => open[clip] && !kept[clip]).sort(by(similarity, 1));
  const { first: others, value } = strongest();
  const missed = all.filter((clip) => kept[clip] && others[clip] !== NOBODY).sort(by(value, -1));
  const pair = (clip) => [row(clip), row(witness[clip]), similarity[clip], Boolean(kept[witness[clip]])];
  const listed = groupsOf(fate);
  return {
    pairs: {
      borderline: dropped.slice(0, BORDERLINE).map(pair),
      alike: dropped.slice(Math.max(BORDERLINE, dropped.length - ALIKE)).map(pair).reverse(),
      missed: missed.slice(0, MISSED).map((clip) => [row(clip), row(others[clip]), value[clip], Boolean(kept[others[clip]])]),
    },
    groups: {
      count: listed.length,
      shown: listed.map(([best, members]) => [row(best), members.length, members.slice(0, MEMBERS).map((clip) =>
        [row(clip), row(witness[clip]), similarity[clip], COPIES[graph.copies[clip]]])]),
    },
  };
}

/** Of each clip the most similar one that ranks before it, whatever becomes of the two. */
let strongestPairs = null;
function strongest() {
  if (strongestPairs) return strongestPairs;
  const n = graph.rows.length, found = { first: new Int32Array(n).fill(NOBODY), value: new Float32Array(n).fill(-2) };
  for (let pair = 0; pair < graph.first.length; pair++) {
    const clip = graph.second[pair];
    if (graph.similarity[pair] > found.value[clip]) {
      found.value[clip] = graph.similarity[pair];
      found.first[clip] = graph.first[pair];
    }
  }
  return strongestPairs = found;
}

// ---- groups and pairs ------------------------------------------------------------------------------------------------
function pairOf([row, other, similarity, kept], role) {
  const value = element("p", "", { class: "similarity" }, element("strong", similarity.toFixed(4)), " ", element("span", "cosine", { class: "quiet" }));
  const witness = figure(other, { badge: kept ? "kept" : "dropped for another" });
  return element("article", "", { class: "pair" }, value, figure(row, { badge: role }), witness);
}

function groupOf([best, count, members]) {
  const shown = members.map(([row, witness, similarity, reason]) => figure(row, {
    badge: similarity.toFixed(4), brief: true,
    lines: [reason.replaceAll("_", " "), ...(witness === best ? [] : [`for ${clip(witness).source.split("/").at(-1)} ${clock(clip(witness).start)}`])],
  }));
  const left = count - members.length;
  return element("article", "", { class: "group" },
    element("div", "", { class: "best" }, figure(best, { badge: "kept", brief: true, lines: [`${counted(count, "clips")} dropped for it`] })),
    element("div", "", { class: "members" }, ...shown, ...(left ? [element("p", `and ${counted(left, "more clips")}`, { class: "quiet" })] : [])));
}

function groupsShown({ count, shown }) {
  if (!shown.length) return [];
  const list = element("div"), more = element("button", "More groups", { type: "button", class: "small" });
  const add = () => {
    list.append(...shown.slice(list.children.length, list.children.length + GROUPS).map(groupOf));
    more.hidden = list.children.length >= shown.length;
  };
  more.addEventListener("click", add);
  add();
  const many = count === 1 ? "There is one group." : `There are ${number(count)} groups, the largest first.`;
  return [
    element("h3", "Groups"),
    element("p", `The clip that is kept, and those that are dropped for it, with their similarity. ${many}`, { class: "note" }),
    list, more,
  ];
}

function showFound(found) {
  const listed = KINDS.flatMap(([name, title, explanation, role]) => found.pairs[name].length ? [
    element("h3", title), element("p", explanation, { class: "note" }), ...found.pairs[name].map((pair) => pairOf(pair, role)),
  ] : []);
  const shown = [...groupsShown(found.groups), ...listed];
  at("dup-shown").replaceChildren(...(shown.length ? shown : [element("p", "There is no pair to show.", { class: "note" })]));
}

// ---- the slider ------------------------------------------------------------------------------------------------------
/** Epsilons that can be chosen, rising: hundredths of a percent up to .01, then thousandths; and the run's own. */
function epsilons() {
  const fine = Array.from({ length: 101 }, (_, step) => Number((step / 1e4).toFixed(4)));
  const coarse = Array.from({ length: Math.floor(1000 * graph.limit) + 1 }, (_, step) => Number((step / 1e3).toFixed(3)));
  const found = new Set([...fine, ...coarse].filter((eps) => eps <= graph.limit)).add(data.duplicates.eps);
  return [...found].sort((one, other) => one - other);
}

const run = { steps: [], at: 0, node: null, curve: [] };
const widest = () => run.steps.at(-1) || 1;

function secondsOf(fate) {
  let left = graph.seconds;
  for (let clip = 0; clip < fate.kept.length; clip++) if (!fate.kept[clip]) left -= clips.duration[graph.rows[clip]];
  return Math.max(0, left);
}

function summaryOf(fate) {
  const listed = groupsOf(fate);
  return {
    kept: graph.total - fate.removed, removed: fate.removed, total: graph.total,
    seconds: graph.seconds === null ? null : secondsOf(fate),
    groups: listed.length, largest: listed.length ? listed[0][1].length + 1 : 0,
  };
}

function showCounts(fate) {
  const eps = fate.eps, now = summaryOf(fate), hours = now.seconds === null ? "" : `, ${timespan(now.seconds)} of ${timespan(graph.seconds)}`;
  at("dup-eps").textContent = String(eps);
  at("dup-limit").textContent = String(Number((1 - eps).toPrecision(4)));
  at("dup-count").replaceChildren(
    "Keeps ", element("strong", number(now.kept)), ` of ${counted(now.total, "clips")} (${percent(now.total ? now.kept / now.total : 1)})${hours}.`);
  const tried = eps === data.duplicates.eps ? " This is the run's epsilon." : "";
  at("dup-groups").textContent = (now.groups ? `${counted(now.groups, "groups")}, the largest of ${counted(now.largest, "clips")}.` : "No group.") + tried;
  at("dup-override").textContent = `dedup.eps=${eps}`;
  at("dup-command").textContent = [...data.duplicates.command, `dedup.eps=${eps}`].join(" ");
  run.node.style.left = `${100 * eps / widest()}%`;
  run.node.setAttribute("aria-valuenow", String(eps));
  run.node.setAttribute("aria-valuetext", `${eps}: keeps ${number(now.kept)} of ${counted(now.total, "clips")}`);
}

function drawCurve() {
  const chart = at("dup-curve"), total = Math.max(1, graph.total), height = 150;
  const shares = run.curve.map(([, kept]) => kept / total), low = Math.min(0.95, ...shares);
  const y = (share) => 8 + (height - 8) * (1 - share) / (1 - low || 1);
  const points = run.curve.map(([eps, kept]) => `${(1000 * eps / widest()).toFixed(1)},${y(kept / total).toFixed(1)}`);
  chart.setAttribute("viewBox", `0 0 1000 ${height}`);
  chart.setAttribute("preserveAspectRatio", "none");
  chart.replaceChildren(
    svg("polygon", { class: "below", points: [`0,${height}`, ...points, `1000,${height}`].join(" ") }),
    svg("polyline", { class: "line", points: points.join(" ") }));
  const axis = element("div", "", { class: "axis" },
    element("span", "0"), element("span", `kept: ${percent(Math.max(...shares))} to ${percent(Math.min(...shares))}`), element("span", `eps ${short(widest())}`));
  chart.parentNode.after(axis);
}

let pending = null;
function choose(step) {
  run.at = Math.max(0, Math.min(run.steps.length - 1, step));
  const fate = decide(run.steps[run.at]);
  showCounts(fate);
  if (pending === null) requestAnimationFrame(() => { showFound(told(pending)); pending = null; });
  pending = fate;
}

function start() {
  run.steps = epsilons();
  run.at = run.steps.indexOf(data.duplicates.eps);
  const every = Math.max(1, Math.ceil(run.steps.length / 80));
  run.curve = run.steps.filter((eps, step) => step % every === 0 || eps === data.duplicates.eps || step === run.steps.length - 1)
    .map((eps) => [eps, graph.total - decide(eps).removed]);
  document.querySelector("#duplicates .epsilon").hidden = false;
  [run.node] = handles(document.querySelector("#duplicates .field"), [{
    label: "dedup.eps: clips are duplicates above a similarity of 1 - eps", low: 0, high: widest(),
    place: (x) => nearest(run.steps, x * widest()), at: () => run.at, set: choose,
  }]);
  drawCurve();
  showCounts(decide(data.duplicates.eps));
  copies(at("dup-copy"), () => at("dup-override").textContent, at("dup-override"));
  copies(at("dup-copy-command"), () => at("dup-command").textContent, at("dup-command"));
}

if (at("dup-shown")) {
  if (graph) start();
  showFound(data.duplicates);
}
page.duplicates = { rows: graph?.rows, decide, summary: (eps) => summaryOf(decide(eps)), told: (eps) => told(decide(eps)), choose, run };
