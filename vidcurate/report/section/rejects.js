at("rejects-shown").append(...data.rejects.galleries.map(({ fate, reason, count, rows }) => {
  const shown = rows.length < count ? `${number(rows.length)} of ${counted(count, "clips")}` : counted(count, "clips");
  const title = element("summary", "", {}, element("strong", reason.replaceAll("_", " ")), " ", element("span", fate, { class: "tag" }), ` ${shown}`);
  const sheet = element("ul", "", { class: "sheet" }, ...rows.map((row) =>
    element("li", "", {}, figure(row, { badge: timespan(clip(row).duration), brief: true }))));
  return element("details", "", { class: "gallery", open: "" }, title, sheet);
}));
