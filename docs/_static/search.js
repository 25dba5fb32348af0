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

/* A short question that names a node is about the operator: "what is MulBackward0". */
const parseQuery = Search._parseQuery;
Search._parseQuery = (query) => {
  const [, ...terms] = parseQuery(query);
  const node = query.match(/^(?:\S+ ){0,3}(\w+Backward\d*)\W*$/);
  return [node?.[1] ?? query, ...terms];
};

document.getElementById("search-field").value = new URLSearchParams(location.search).get("q") ?? "";
