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
  // A long page is laid out as it comes near, until its reader acts. Places that a link names, or
  // that the browser restores after a reload or on the way back, are those of the whole page.
  const [visit] = performance.getEntriesByType("navigation");
  const top = (section) => section?.getBoundingClientRect().top ?? 0;
  const layOut = () => {
    if (!classList.contains("unread")) return;
    const sections = [...document.querySelectorAll("article > section > section")];
    const here = sections.find((section) => section.getBoundingClientRect().bottom > 0);
    const before = top(here);
    classList.remove("unread");
    scrollBy({ top: top(here) - before, behavior: "instant" });
  };
  if (visit?.type === "navigate" && !location.hash) {
    classList.add("unread");
    for (const act of ["click", "keydown", "wheel"])
      addEventListener(act, layOut, { once: true, passive: true });
    // Of a link to a text the page isn't told: the browser finds it first.
    addEventListener("scroll", () => setTimeout(layOut, 300), { once: true, passive: true });
  }
}
