/* What the theme leaves out for readers who use keys alone. */

/* What is too wide for the screen scrolls, and so must be within reach of the Tab key. */
const scrollers = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const tall = target.matches(".table-wrapper") && target.scrollHeight > target.clientHeight;
    if (tall || target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
document
  .querySelectorAll("pre, div.math, .table-wrapper, .vjp-scroll, .vjp-trace, .vjp-explanation")
  .forEach((box) => scrollers.observe(box));

/* The menus of a narrow screen are labels of hidden checkboxes. */
for (const label of document.querySelectorAll(".nav-overlay-icon, .toc-overlay-icon")) {
  const menu = document.getElementById(label.htmlFor);
  const button = label.querySelector(".icon");
  const show = () => button.setAttribute("aria-expanded", menu.checked);
  button.tabIndex = 0;
  button.role = "button";
  button.ariaLabel = menu.ariaLabel;
  show();
  menu.addEventListener("change", show);
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    menu.click();
  });
}
