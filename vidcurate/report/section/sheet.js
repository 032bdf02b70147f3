document.querySelector("#sheet .sheet").append(...data.sheet.rows.map((row) =>
  element("li", "", {}, figure(row, { badge: timespan(clip(row).duration), brief: true }))));
