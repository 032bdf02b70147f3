const KINDS = [
  ["borderline", "Closest to the threshold", "Dropped, but only just. If these are no duplicates, epsilon is too large.", "dropped"],
  ["alike", "Most alike", "Dropped beyond doubt.", "dropped"],
  ["missed", "Just missed", "Kept, as the similarity is not above the threshold. If these are duplicates, epsilon is too small.", "kept"],
];

function pairOf([row, other, similarity, kept], role) {
  const value = element("p", "", { class: "similarity" }, element("strong", similarity.toFixed(4)), " ", element("span", "cosine", { class: "quiet" }));
  const witness = figure(other, { badge: kept ? "kept" : "dropped for another" });
  return element("article", "", { class: "pair" }, value, figure(row, { badge: role }), witness);
}

function showPairs(found) {
  const shown = KINDS.flatMap(([name, title, explanation, role]) => found[name]?.length ? [
    element("h3", title), element("p", explanation, { class: "note" }), ...found[name].map((pair) => pairOf(pair, role)),
  ] : []);
  at("pairs").replaceChildren(...(shown.length ? shown : [element("p", "There is no pair to show.", { class: "note" })]));
}

if (at("pairs")) showPairs(data.duplicates);
