/* Loads the page's scripts after its first frame, which no page needs them for. */
{
  const addresses = document.currentScript.dataset.scripts.split(" ");
  const load = () => {
    const scripts = addresses.map((address) =>
      Object.assign(document.createElement("script"), { src: address, async: false }));
    // Some wait for this event, which is over.
    scripts[0].onload = () => document.dispatchEvent(new Event("DOMContentLoaded"));
    document.body.append(...scripts);
  };
  const afterFrame = () => requestAnimationFrame(() => setTimeout(load));
  document.addEventListener("DOMContentLoaded", afterFrame, { once: true });
  document.documentElement.classList.remove("no-js");
}
