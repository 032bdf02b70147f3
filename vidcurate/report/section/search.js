// Clips whose id, source or caption holds every word, or whose fate or reason has a word that begins so; the first ones
// are shown.
const field = at("search-field"), found = at("search-found"), said = at("search-count");
const SHOWN = 48, captioned = Object.keys(clips.captions).length;
if (captioned < data.search.captioned) {
  said.append(` Captions are searched of ${number(captioned)} clips; ${number(data.search.captioned)} have one.`);
}
const before = said.textContent;
let texts = null;

function matching(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  texts ??= clips.ids.map((id, row) => {
    const one = clip(row);
    return [`${id}\n${one.source}\n${one.caption}`.toLowerCase(), ` ${one.fate} ${one.reason}`.toLowerCase()];
  });
  const hits = [];
  texts.forEach(([text, fate], row) => {
    if (words.every((word) => text.includes(word) || fate.includes(` ${word}`))) hits.push(row);
  });
  return hits;
}
function look(query) {
  if (field.value !== query) field.value = query;
  const hits = matching(query), shown = hits.slice(0, SHOWN), asked = query.trim() !== "";
  found.hidden = !shown.length;
  found.replaceChildren(...shown.map((row) => element("li", "", {}, page.told(row, { brief: true, shots: true }))));
  const all = `${counted(hits.length, "clips")} of ${number(clips.ids.length)}`;
  said.textContent = !asked ? before : hits.length > shown.length ? `${all}; the first ${shown.length} are shown.` : `${all}.`;
}
field.addEventListener("input", () => look(field.value));
field.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  if (field.value) look("");
  else field.blur();
});
page.key(["/"], "search clips; Escape clears", () => { at("search").scrollIntoView(); field.focus(); field.select(); });
page.search = {
  matching,
  look(query) { look(query); at("search").scrollIntoView(); field.focus({ preventScroll: true }); },
};
