/* Says under each hit where its page stands and what that is about. */
const about = (hit) => {
  const [page] = hit.querySelector("a").getAttribute("href").split(".html");
  const [place, description] = PAGES[page];
  for (const [name, text] of [["hit-place", place], ["hit-description", description]]) {
    const line = document.createElement("p");
    line.className = name; // whole, since rules for names that no file holds are dropped
    line.textContent = text;
    hit.append(line);
  }
};
new MutationObserver((changes) => {
  const added = changes.flatMap((change) => [...change.addedNodes]);
  added.filter((node) => node.nodeName === "LI").forEach(about);
}).observe(document.getElementById("search-results"), { childList: true, subtree: true });
