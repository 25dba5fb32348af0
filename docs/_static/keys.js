/* What the theme leaves out for readers who use keys alone, and for readers of screens. */
{
  /* The old address of a question leads on to the page that it moved to, or from there to the next. */
  const moved = document.querySelector(".moved a");
  const { hash } = location;
  if (moved && hash && !document.getElementById(hash.slice(1))) location.replace(moved.href + hash);

  /* What is too wide for the screen scrolls, and so must be within reach of the Tab key. */
  const SCROLLERS = [
    ["pre:not(.machine pre)", "Code"],
    ["div.math", "Formula"],
    [".table-wrapper", "Table"],
    [".vjp-scroll, .vjp-trace, .vjp-explanation", "Output"],
  ];
  const scrolls = (box) => box.scrollWidth > box.clientWidth
    || (box.matches(".table-wrapper") && box.scrollHeight > box.clientHeight);
  const name = (box, isWide) => {
    const [, kind] = SCROLLERS.find(([boxes]) => box.matches(boxes));
    if (isWide) Object.assign(box, { tabIndex: 0, role: "group", ariaLabel: `${kind}, scrolls` });
    else ["tabindex", "role", "aria-label"].forEach((attribute) => box.removeAttribute(attribute));
  };
  const scrollers = new ResizeObserver((entries) => {
    /* All are measured before the first is changed: a change makes the next measure a layout. */
    const found = entries.map(({ target }) => [target, scrolls(target)]);
    for (const [box, isWide] of found) name(box, isWide);
  });
  for (const [boxes] of SCROLLERS)
    document.querySelectorAll(boxes).forEach((box) => scrollers.observe(box));

  /* The menus are labels of hidden checkboxes. */
  for (const label of document.querySelectorAll("label:has(> .icon)")) {
    const menu = document.getElementById(label.htmlFor);
    const button = label.querySelector(".icon");
    const show = () => { button.ariaExpanded = menu.checked; };
    Object.assign(button, { tabIndex: 0, role: "button", ariaLabel: menu.ariaLabel });
    show();
    menu.addEventListener("change", show);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      menu.click();
    });
  }

  /* A drawer of a narrow screen holds the focus while it is open, and then gives it back. */
  const parts = document.querySelectorAll(
    ".skip-to-content, .mobile-header, .content, .sidebar-drawer, .toc-drawer");
  for (const [id, name, width] of [["__navigation", ".sidebar-drawer", 63], ["__toc", ".toc-drawer", 82]]) {
    const menu = document.getElementById(id);
    const drawer = document.querySelector(name);
    const buttons = [...document.querySelectorAll(`[for=${id}] > .icon`)];
    const close = () => { if (menu.checked) menu.click(); };
    menu.addEventListener("change", () => {
      for (const part of parts) part.inert = menu.checked && part !== drawer;
      const stops = menu.checked ? [...drawer.querySelectorAll("a")] : buttons;
      stops.find((stop) => stop.checkVisibility())?.focus({ preventScroll: true });
    });
    drawer.addEventListener("click", ({ target }) => { if (target.closest("a")) close(); });
    document.addEventListener("keydown", ({ key }) => { if (key === "Escape") close(); });
    matchMedia(`(width <= ${width}em)`).addEventListener("change", close);
  }

  /* The definition of a term goes with Escape, until the next term. */
  document.addEventListener("keydown", ({ key, target }) => {
    if (key === "Escape") target.classList.add("dismissed");
  });
  document.addEventListener("focusout", ({ target }) => target.classList.remove("dismissed"));

  /* What all operators or exercises of a page have is named after each. */
  let heading = "";
  for (const node of document.querySelectorAll("h2, .op-head a, summary"))
    if (node.matches("h2")) heading = node.textContent.replace("¶", "");
    else if (heading) node.ariaLabel = `${node.textContent}: ${heading}`;

  /* What changes for the eye is told. */
  const themes = document.querySelectorAll(".theme-toggle");
  const tell = () => themes.forEach((button) => { button.ariaLabel = `Colour theme: ${document.body.dataset.theme}`; });
  tell();
  new MutationObserver(tell).observe(document.body, { attributeFilter: ["data-theme"] });

  const status = Object.assign(document.createElement("div"), { role: "status", className: "visually-hidden" });
  document.body.append(status);
  document.addEventListener("click", ({ target }) => {
    if (!target.closest(".copybtn.success")) return;
    status.textContent = "Copied";
    setTimeout(() => status.replaceChildren(), 2000);
  });
}
