// A word of the cloud looks for its clips.
for (const word of document.querySelectorAll("#statistics [data-word]")) {
  if (!page.search) word.disabled = true;
  word.addEventListener("click", () => page.search.look(word.dataset.word));
}
