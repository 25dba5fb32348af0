/* Loads the page's script after the first frame with its fonts, which doesn't need it. */
{
  const script = document.createElement("script");
  script.src = document.currentScript.dataset.script;
  // Parts of it wait for this event, which is over.
  script.onload = () => document.dispatchEvent(new Event("DOMContentLoaded"));
  const load = () => document.body.append(script);
  const afterFrame = (next) => requestAnimationFrame(() => setTimeout(next));
  // As long as browsers hide text whose font is missing.
  const late = new Promise((next) => setTimeout(next, 3000));
  const fonts = () => Promise.race([document.fonts.ready, late]);
  const afterFonts = () => fonts().then(() => afterFrame(load));
  document.addEventListener("DOMContentLoaded", () => afterFrame(afterFonts), { once: true });
  document.documentElement.classList.remove("no-js");
}
