/* Loads the page's script after the first frame with its fonts, which doesn't need it. */
{
  const script = document.createElement("script");
  script.src = document.currentScript.dataset.script;
  // Parts of it wait for this event, which is over.
  const start = () => document.dispatchEvent(new Event("DOMContentLoaded"));
  // In a task of its own, once what the script has changed is drawn: taps are answered in between.
  script.onload = () => requestAnimationFrame(() => setTimeout(start));
  const load = () => {
    if (document.readyState !== "loading") document.body.append(script);
    else document.addEventListener("DOMContentLoaded", load, { once: true });
  };
  const painted = new Promise((next) => {
    new PerformanceObserver(next).observe({ type: "paint", buffered: true });
  });
  const drawn = painted.then(() => document.fonts.ready);
  // As long as browsers hide text whose font is missing.
  const late = new Promise((next) => setTimeout(next, 3000));
  Promise.race([drawn, late]).then(() => setTimeout(load));
  const { classList } = document.documentElement;
  classList.remove("no-js");
  // A place that the browser restores, after a reload or on the way back, is one on the whole page.
  const [visit] = performance.getEntriesByType("navigation");
  if (visit?.type === "navigate") {
    classList.add("unread");
    addEventListener("scroll", () => classList.remove("unread"), { once: true });
  }
}
