// A point per clip; its shape tells the fate, its colour the fate or the source. The nearest one is shown.
const rows = column(data.map.rows), xs = column(data.map.x), ys = column(data.map.y);
const field = at("map-field"), key = at("map-key");
const WIDTH = 800, HEIGHT = 560, EDGE = 24, COLOURS = 8;
const narrow = matchMedia("(max-width: 640px)");
const shown = [...rows].map(clip);
let by = "fate", alone = null, current = -1;

// ---- places: both directions at one scale, as large as fits ----------------------------------------------------------
const middle = (values) => (Math.min(...values) + Math.max(...values)) / 2;
const reach = (values) => Math.max(...values) - Math.min(...values);
const scale = Math.min((WIDTH - 2 * EDGE) / (reach(xs) || 1), (HEIGHT - 2 * EDGE) / (reach(ys) || 1));
const [x0, y0] = [middle(xs), middle(ys)];
const places = shown.map((_, index) => [WIDTH / 2 + (xs[index] - x0) * scale, HEIGHT / 2 - (ys[index] - y0) * scale]);

// ---- groups: fates, or the sources with most clips; folders of them where there are too many to be told apart --------
const folderOf = (source) => source.split("/").slice(0, -1).join("/");
const different = (named) => new Set(shown.map((one) => named(one.source))).size;
const named = different((source) => source) > COLOURS && different(folderOf) > 1 ? folderOf : (source) => source;
const counts = new Map();
for (const one of shown) counts.set(named(one.source), (counts.get(named(one.source)) || 0) + 1);
const largest = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, COLOURS).map(([name]) => name);
function groupOf(one) {
  if (by === "fate") return one.fate;
  const place = largest.indexOf(named(one.source));
  return place < 0 ? "others" : `source-${place}`;
}
function groups() {
  const names = by === "fate" ? page.fates : [...largest.map((_, place) => `source-${place}`), "others"];
  return names.map((name) => {
    const own = shown.filter((one) => groupOf(one) === name);
    const label = name.startsWith("source-") ? largest[Number(name.slice(7))].split("/").pop() || "no folder" : name;
    return { name, label, count: own.length };
  }).filter((group) => group.count);
}

// ---- drawing ----------------------------------------------------------------------------------------------------------
function draw() {
  const radius = (shown.length > 1500 ? 4 : 6) * (narrow.matches ? 1.8 : 1);
  const points = shown.map((one, index) => {
    const faded = alone !== null && groupOf(one) !== alone;
    return svg("path", {
      d: page.mark(one.fate, ...places[index], radius),
      class: `point ${groupOf(one)}${faded ? " faded" : ""}`,
    });
  });
  const ring = svg("circle", { id: "map-ring", r: radius * 2, class: "ring" });
  const last = (point) => Number(!point.classList.contains("others")); // what has no colour lies below what has one
  field.replaceChildren(...points.sort((a, b) => last(a) - last(b)), ring);
  key.replaceChildren(...groups().map((group, place) => {
    const button = element("button", "", { type: "button", "aria-pressed": String(group.name === alone) });
    const sign = svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
    sign.append(svg("path", { d: page.mark(by === "fate" ? group.name : "kept", 8, 8, 6), class: `point ${group.name}` }));
    button.append(sign, `${group.label} `, element("span", number(group.count), { class: "quiet" }));
    button.addEventListener("click", () => {
      alone = alone === group.name ? null : group.name;
      draw();
      key.querySelectorAll("button")[place].focus();
    });
    return element("li", "", {}, button);
  }));
  mark();
}
function mark() {
  const ring = at("map-ring");
  ring.classList.toggle("shown", current >= 0);
  if (current >= 0) { ring.setAttribute("cx", places[current][0]); ring.setAttribute("cy", places[current][1]); }
}
function show(index) {
  if (index === current || index < 0) return;
  current = index;
  mark();
  at("map-card").replaceChildren(page.told(rows[index], { shots: true }));
}

// ---- by pointer and by key --------------------------------------------------------------------------------------------
function nearest([x, y], allowed, weigh = (dx, dy) => dx * dx + dy * dy) {
  let best = -1, least = Infinity;
  places.forEach(([px, py], index) => {
    if (!allowed(index, px - x, py - y)) return;
    const weight = weigh(px - x, py - y);
    if (weight < least) [best, least] = [index, weight];
  });
  return best;
}
const visible = (index) => alone === null || groupOf(shown[index]) === alone;
function under(event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(field.getScreenCTM().inverse());
  const reach = 30 * (narrow.matches ? 2 : 1);
  return nearest([point.x, point.y], (index, dx, dy) => visible(index) && dx * dx + dy * dy < reach * reach);
}
field.addEventListener("pointermove", (event) => show(under(event)));
field.addEventListener("click", (event) => show(under(event)));
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
field.addEventListener("focus", () => {
  if (current < 0) show(nearest([WIDTH / 2, HEIGHT / 2], visible));
});
field.addEventListener("keydown", (event) => {
  const way = WAYS[event.key], turn = { n: 1, p: -1 }[event.key];
  if (!(way || turn) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (turn) return show(Math.min(shown.length - 1, Math.max(0, current + turn)));
  if (current < 0) return show(nearest([WIDTH / 2, HEIGHT / 2], visible));
  // What lies ahead counts by its distance, three times as much across the way as along it.
  const along = (dx, dy) => dx * way[0] + dy * way[1], across = (dx, dy) => Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
  const ahead = (index, dx, dy) => index !== current && visible(index) && (along(dx, dy) > 0.01 ||
    (Math.abs(dx) < 0.01 && Math.abs(dy) < 0.01 && (index > current) === (way[0] + way[1] > 0)));
  show(nearest(places[current], ahead, (dx, dy) => along(dx, dy) + 3 * across(dx, dy)));
});
for (const button of document.querySelectorAll("#map [data-by]")) {
  button.addEventListener("click", () => {
    [by, alone] = [button.dataset.by, null];
    for (const one of document.querySelectorAll("#map [data-by]")) one.setAttribute("aria-pressed", String(one === button));
    draw();
  });
}
narrow.addEventListener("change", draw);
draw();
page.key(["←", "→", "↑", "↓"], "on the map: nearest clip that way");
page.key(["n", "p"], "on the map: next clip, clip before");
page.map = { show: (row) => show([...rows].indexOf(row)), places };
