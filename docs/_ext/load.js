/* Loads the page's script after its first frame, which no page needs it for. */
{
  const script = document.createElement("script");
  script.src = document.currentScript.dataset.script;
  // Parts of it wait for this event, which is over.
  script.onload = () => document.dispatchEvent(new Event("DOMContentLoaded"));
  const load = () => document.body.append(script);
  const afterFrame = () => requestAnimationFrame(() => setTimeout(load));
  document.addEventListener("DOMContentLoaded", afterFrame, { once: true });
  document.documentElement.classList.remove("no-js");
}
