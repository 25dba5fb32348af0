/* Opens the search: by its buttons, on "/" and on Ctrl-K. Who opens it first fetches what it needs. */
globalThis.VJP ??= {};
{
  const root = document.documentElement.dataset.content_root;
  const NEEDED = ["language_data.js", "rank.js", "search-index.js", "error-table.js", "search/view.js"];
  /* They are fetched at once, and run in this order. */
  const fetched = (name) => new Promise((next) => {
    const source = { src: `${root}_static/${name}`, async: false, onload: next };
    document.head.append(Object.assign(document.createElement("script"), source));
  });
  let started;
  const start = (box) => {
    const names = VJP.diagnose ? NEEDED : ["doctor/doctor.js", ...NEEDED];
    started ??= Promise.all(names.map(fetched)).then(() => PartSearch.ready).then(() => VJP.search(box, root));
  };

  const make = () => {
    const dialog = Object.assign(document.createElement("dialog"), { className: "search-dialog", ariaLabel: "Search" });
    dialog.innerHTML = `<form class="search-field" role="search" action="${root}search.html">
      <textarea name="q" rows="1" aria-label="Search" placeholder="A question, a name, an error text, a whole traceback"
        autocapitalize="off" autocomplete="off" spellcheck="false"></textarea>
      <button formmethod="dialog" formnovalidate>Close</button></form>
      <p class="search-summary" role="status"></p><ul class="search"></ul>`;
    dialog.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close(); });
    document.body.append(dialog);
    return dialog;
  };
  const page = document.querySelector(".search-page");
  let dialog;
  const open = () => {
    if (page) return page.querySelector("textarea").focus();
    dialog ??= make();
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("textarea").select();
    return start(dialog);
  };
  page?.addEventListener("focusin", () => start(page));
  if (page && location.search) start(page);

  /* A button has the place of the field that leads to the page of the search without scripts. */
  const form = document.querySelector(".sidebar-search-container");
  const button = { type: "button", className: "sidebar-search", textContent: "Search" };
  form.replaceChildren(Object.assign(document.createElement("button"), button));
  for (const opener of [form, document.querySelector(".search-open")])
    opener.addEventListener("click", (event) => { event.preventDefault(); open(); });
  document.addEventListener("keydown", (event) => {
    const wanted = event.ctrlKey || event.metaKey ? event.key === "k"
      : event.key === "/" && !event.target.matches("input, select, textarea");
    if (!wanted) return;
    event.preventDefault();
    open();
  });
}
