// A video as rows of time: a block per clip, filled by its fate, an edge where it was cut.
const { videos } = data.shots, rows = column(data.shots.rows);
const scores = Object.entries(data.shots.scores).map(([name, values]) => [name, column(values)]);
const choice = at("shots-video"), line = at("shots-line"), strip = at("shots-strip");
const ROW = 46, STRIP = 22, MOST_ROWS = 12, PER_ROW = 24;
let video = 0, current = -1, blocks = [];
const scored = at("shots-score");
scored.append(...scores.map(([name], index) => element("option", name, { value: index })), element("option", "none", { value: -1 }));
const ranges = scores.map(([, values]) => {
  const known = [...values].filter((value) => !Number.isNaN(value));
  return known.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
});

const firsts = [];
videos.reduce((first, one) => { firsts.push(first); return first + one.clips; }, 0);
choice.append(...videos.map((one, index) => element("option", `${one.uri} · ${counted(one.clips, "clips")}`, { value: index })));

// ---- the timeline ------------------------------------------------------------------------------------------------------
function clipsOf(index) {
  return [...rows.slice(firsts[index], firsts[index] + videos[index].clips)].map((row, place) =>
    ({ ...clip(row), place: firsts[index] + place }));
}
function draw() {
  const clips = clipsOf(video);
  const begin = Math.min(0, ...clips.map((one) => one.start));
  const end = Math.max(videos[video].duration, ...clips.map((one) => one.end)), length = end - begin || 1;
  const count = Math.min(MOST_ROWS, Math.max(1, Math.ceil(clips.length / PER_ROW)));
  const width = Math.max(200, line.clientWidth), seconds = length / count;
  const score = scores[Number(scored.value)], [least, most] = score ? ranges[Number(scored.value)] : [];
  const height = ROW + (score ? STRIP : 0);
  blocks = clips.map(() => []);
  line.replaceChildren(...Array.from({ length: count }, (_, turn) => {
    const [low, high] = [begin + turn * seconds, begin + (turn + 1) * seconds];
    const x = (time) => (Math.min(high, Math.max(low, time)) - low) / seconds * width;
    const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, width, "aria-hidden": "true" });
    drawing.append(svg("rect", { class: "nothing", width, height: ROW - 10, y: 5, rx: 3 }));
    clips.forEach((one, index) => {
      if (one.end <= low || one.start >= high) return;
      const block = svg("rect", {
        class: `block ${one.fate}`, x: x(one.start), width: Math.max(1, x(one.end) - x(one.start) - 1.5), y: 5, height: ROW - 10, rx: 2,
      });
      block.dataset.index = index;
      blocks[index].push(block);
      drawing.append(block);
      const value = score?.[1][one.place] ?? NaN;
      if (!Number.isNaN(value)) {
        const tall = 2 + (STRIP - 4) * (most > least ? (value - least) / (most - least) : 1);
        const bar = svg("rect", { class: "score", x: x(one.start), width: Math.max(1, x(one.end) - x(one.start) - 1.5), y: height - tall, height: tall });
        bar.dataset.index = index;
        drawing.append(bar);
      }
      if (one.fate !== "kept" && x(one.end) - x(one.start) > 12) {
        drawing.append(svg("path", { class: "sign", d: page.mark(one.fate, (x(one.start) + x(one.end)) / 2, ROW / 2, 5) }));
      }
    });
    for (const time of cuts(clips)) {
      if (time > low && time < high) drawing.append(svg("path", { class: "cut", d: `M${x(time)} 0v${ROW}` }));
    }
    const axis = element("div", "", { class: "axis" }, element("span", clock(low)), element("span", clock(high)));
    return element("div", "", {}, drawing, axis);
  }));
  strip.replaceChildren(...clips.filter((one) => one.picture).map((one) => {
    const index = one.place - firsts[video];
    const tile = element("button", "", { type: "button", tabindex: -1 });
    tile.append(element("img", "", { src: one.picture, alt: `Clip ${index + 1} of the video`, loading: "lazy" }));
    tile.dataset.index = index;
    return tile;
  }));
  at("shots-range").textContent = score ? `${short(least)} to ${short(most)}` : "";
  const whole = clips.reduce((sum, one) => sum + one.duration, 0);
  at("shots-sum").textContent = `${counted(clips.length, "clips")}, ${percent(Math.min(1, whole / length))} of ` +
    `${timespan(length)}; ${counted(cuts(clips).length, "borders")} where two touch.`;
  const fates = page.fates.filter((fate) => clips.some((one) => one.fate === fate));
  at("shots-key").replaceChildren(...fates.map((fate) => {
    const sign = svg("svg", { viewBox: "0 0 22 16", "aria-hidden": "true" });
    sign.append(svg("rect", { class: `block ${fate}`, width: 22, height: 16, rx: 2 }));
    if (fate !== "kept") sign.append(svg("path", { class: "sign", d: page.mark(fate, 11, 8, 5) }));
    return element("li", "", {}, sign, `${fate} ${clips.filter((one) => one.fate === fate).length}`);
  }));
}
function cuts(clips) {
  const slack = 0.001;
  return clips.filter((one, index) => index && Math.abs(one.start - clips[index - 1].end) <= slack).map((one) => one.start);
}

// ---- the clip ----------------------------------------------------------------------------------------------------------
function show(index) {
  if (!blocks[index] || index === current) return;
  for (const block of blocks.flat()) block.classList.remove("now");
  for (const tile of strip.children) tile.classList.toggle("now", Number(tile.dataset.index) === index);
  current = index;
  for (const block of blocks[index]) block.classList.add("now");
  const place = firsts[video] + index;
  const values = scores.map(([name, column]) => [name, column[place]]).filter(([, value]) => !Number.isNaN(value));
  at("shots-card").replaceChildren(page.told(rows[place], { scores: values, where: `Clip ${index + 1} of ${videos[video].clips}` }));
}
function choose(index, clip = 0) {
  [video, current] = [index, -1];
  choice.value = String(index);
  at("shots-before").disabled = index === 0;
  at("shots-after").disabled = index === videos.length - 1;
  draw();
  show(clip);
}

for (const place of [line, strip]) {
  for (const kind of ["pointerover", "click"]) {
    place.addEventListener(kind, (event) => {
      const { index } = event.target.closest("[data-index]")?.dataset ?? {};
      if (index !== undefined) show(Number(index));
    });
  }
}
line.addEventListener("keydown", (event) => {
  const last = blocks.length - 1;
  const goal = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: last }[event.key];
  if (goal === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  show(Math.min(last, Math.max(0, goal)));
});
choice.addEventListener("change", () => choose(Number(choice.value)));
scored.addEventListener("change", () => redraw());
at("shots-before").addEventListener("click", () => choose(video - 1));
at("shots-after").addEventListener("click", () => choose(video + 1));
function redraw() {
  const shown = Math.max(0, current);
  draw();
  current = -1;
  show(shown);
}
page.key(["←", "→", "Home", "End"], "on the timeline: from clip to clip");
page.shots = {
  choose,
  cuts: (index) => cuts(clipsOf(index)),
  clipsOf,
  has: (row) => rows.includes(row),
  show(row) {
    const place = rows.indexOf(row), index = firsts.findLastIndex((first) => first <= place);
    choose(index, place - firsts[index]);
    at("shots").scrollIntoView();
    line.focus({ preventScroll: true });
  },
};
const variety = scores.map(([, values]) => new Set(values).size);
scored.value = variety.length ? variety.indexOf(Math.max(...variety)) : -1;
choose(videos.findIndex((one) => one.clips === Math.max(...videos.map(({ clips }) => clips))));
let drawn = line.clientWidth;
new ResizeObserver(() => {
  if (line.clientWidth === drawn) return;
  drawn = line.clientWidth;
  redraw();
}).observe(line);
