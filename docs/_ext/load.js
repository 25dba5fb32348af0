/* Loads the page's script after the first frame with its fonts, which doesn't need it. */
{
  const script = document.createElement("script");
  script.src = document.currentScript.dataset.script;
  // Parts of it wait for this event, which is over.
  script.onload = () => document.dispatchEvent(new Event("DOMContentLoaded"));
  const load = () => document.body.append(script);
  const afterFrame = (next) => requestAnimationFrame(() => setTimeout(next));
  const afterFonts = () => document.fonts.ready.then(() => afterFrame(load));
  document.addEventListener("DOMContentLoaded", () => afterFrame(afterFonts), { once: true });
  document.documentElement.classList.remove("no-js");
}
