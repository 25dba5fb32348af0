/* Shows the hits of the search as one types, in the dialog and on the page of the search.

   A hit is a link, so all that a browser does with links works. Its line of text comes from
   the Markdown copy of its page, which is fetched when typing rests and the hit is in view. */
{
  const REST = 200; // milliseconds without a key
  const LONG = 90; // letters before the first word that was found
  const CODE = 0.7; // of a line of code or output, against one of text
  const copies = new Map();
  let root;

  const element = (tag, className, ...content) => {
    const made = Object.assign(document.createElement(tag), { className });
    made.append(...content);
    return made;
  };
  const plain = (line) => line.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/\*\*|`|\$|^[\s>|:-]+|\|/g, "").trim();
  const letters = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

  /* Return the lines below each heading of a copy, and whether they are code, by the letters of the heading. */
  const sections = (copy) => {
    const found = new Map();
    let lines;
    let fence = "";
    for (const line of copy.split("\n")) {
      if (/^(```|\$\$)/.test(line)) fence = fence ? "" : line;
      else if (!fence && /^#+ /.test(line)) found.set(letters(line), (lines = []));
      else if (!fence.startsWith("$$")) lines?.push([plain(line), fence !== ""]);
    }
    return found;
  };
  const copied = (name) => {
    if (!copies.has(name)) {
      const text = fetch(`${root}${name}.md`).then((answer) => (answer.ok ? answer.text() : ""));
      copies.set(name, text.then(sections, () => new Map())); // none from disk
    }
    return copies.get(name);
  };

  /* Return the line that says most of what was asked, from its first such word on if it is long. */
  const best = (lines, words) => {
    let [most, chosen] = [0, ""];
    for (const [line, isCode] of lines) {
      const said = new Set(PartSearch.stems(line));
      const weights = words.map(([word, weight]) => (said.has(word) ? weight : 0));
      const score = weights.reduce((sum, weight) => sum + weight, 0) * (isCode ? CODE : 1);
      if (score > most && !/\\[a-z]/.test(line)) [most, chosen] = [score, line];
    }
    return chosen;
  };
  const marked = (line, words) => {
    const asked = new Set(words.map(([word]) => word));
    const parts = line.split(/([\p{L}\p{N}_]+)/u)
      .map((part) => (PartSearch.stems(part).some((word) => asked.has(word)) ? element("mark", "", part) : part));
    const first = parts.findIndex((part) => part instanceof Node);
    const before = parts.slice(0, Math.max(first, 0)).join("");
    return before.length > LONG ? [`… ${before.slice(before.indexOf(" ", before.length - LONG / 2) + 1)}`, ...parts.slice(first)] : parts;
  };
  const quote = async (paragraph, { entry, title }, words) => {
    const found = await copied(entry.name);
    const line = best(found.get(letters(title)) ?? [...found.values()].flat(), words);
    if (line) paragraph.replaceChildren(...marked(line, words));
  };

  const NEARLY = 0.8;
  /* Return whether a title holds nearly all words of a text. */
  const isTold = (text, title) => {
    const said = PartSearch.stems(title);
    const words = PartSearch.stems(text).filter((word) => !/^\d/.test(word));
    return words.filter((word) => said.includes(word)).length >= NEARLY * words.length;
  };
  const ASKS = /^(how|why|what|which|when|where|who|is|are|can|could|do|does|did|should|may|must)\b|\b(I|my)\b|\?\s*$/i;
  /* What libraries say in messages, and who asks seldom does: also two sentences, or one with its full stop. */
  const SAYS = new RegExp([
    String.raw`\bexpected\b.*\bgot\b|\bbut got\b|, got\b`,
    String.raw`\b(is|are|was|were)(n't| not) (implemented|supported|possible|allowed|compatible|available|valid|defined)\b`,
    String.raw`\bnot (yet )?(implemented|supported|possible|allowed) (for|by|in|on|yet)\b|\bdo(es)?(n't| not) (yet |currently )?support`,
    String.raw`\b(has|have) no attribute|\bobject is not\b|\bmust be\b|\b(cannot|can't|could not) be\b|\bto be (a|an|one of)\b|\b(has|have) already been\b`,
    String.raw`^(\w+: )?(cannot|can't|could not|couldn't|unable to|failed to|expected|attempted to|attempting to|trying to|tried to)\b`,
    String.raw`^(\w+: )?(invalid|unsupported|unexpected|you|we|only|it looks like)\b|[.,;] please\b|[a-z]{3}\.(\s+[A-Z]|$)`,
  ].join("|"));
  const FEWEST = 5; // words of a message
  /* Return whether a text without the type of an error reads like a message. */
  const readsLikeOne = (text) => text.split(/\s+/).length >= FEWEST && !ASKS.test(text)
    && SAYS.test(text[0].toLowerCase() + text.slice(1));
  /* Return whether a text is the message of a known error, rather than a question about it. */
  const isMessage = (text, { kind, found }) => kind !== "" || isTold(text, found.title) || readsLikeOne(text);
  /* Return whether a text reads like a message that no title holds. */
  const readsUnknown = (text, hits) => readsLikeOne(text) && !hits.some(({ title }) => isTold(text, title));

  /* Return the hits of a text, and first the entry of an error that the doctor knows. */
  VJP.find = (asked) => {
    const isAlone = !new RegExp(VJP.errors.source).test(asked);
    const diagnosis = VJP.diagnose(asked, isAlone);
    const { kind, message, found } = diagnosis;
    const result = PartSearch.search(kind ? `${kind}: ${message}` : asked);
    if (kind) Object.assign(result, { missing: [], instead: [] }); // its names are the reader's
    if (!found) return { ...result, isUnknown: kind !== "" || readsUnknown(asked, result.hits) };
    if (!isMessage(asked, diagnosis)) return { ...result, isUnknown: false };
    const shapes = VJP.aboutShapes(found);
    const cure = { cause: shapes?.said ?? found.cause, fix: found.fix, code: shapes?.code ?? found.code };
    const first = { ...PartSearch.hit(found.address, found.title), ...cure };
    return { ...result, hits: [first, ...result.hits.filter(({ entry }) => entry !== first.entry)], isUnknown: false };
  };

  const item = (hit, words) => {
    const { entry, title, anchor, place, cause, fix, code } = hit;
    const link = element("a", "", ...marked(title, words));
    link.href = `${root}${entry.name}.html${anchor}`;
    const line = element("p", "hit-line", ...marked(cause ?? entry.description, words));
    const made = element("li", "hit", link, element("p", "hit-place", place), line);
    if (fix) line.after(element("p", "hit-fix", element("b", "", "Fix: "), fix), element("pre", "hit-code", code));
    made.later = () => cause || quote(line, hit, words);
    return made;
  };

  const lists = () => {
    const link = element("a", "", "Lists of the error texts, questions, terms and operators");
    link.href = `${root}search.html`;
    return element("li", "hit", link);
  };

  const listed = (names) => names.map((name) => `“${name}”`).join(", ");
  const summary = ({ hits, missing, instead, isUnknown }) => {
    const told = [];
    if (instead.length) told.push(`${instead.map(([word, other]) => `“${word}” isn't on this site; “${other}” is`).join(", ")}.`);
    if (missing.length) told.push(`${listed(missing)} ${missing.length === 1 ? "isn't" : "aren't"} on this site.`);
    if (isUnknown) told.push("This error text is not in the index; nearest:");
    if (hits[0]?.fix) told.push("The error is known: its entry comes first.");
    if (hits.length) told.push(`${hits.length} ${hits.length === 1 ? "section" : "sections"}, the best first.`);
    else told.push("No page holds these words.");
    return told.join(" ");
  };

  VJP.search = (box, address) => {
    root = address;
    const field = box.querySelector("textarea");
    const list = box.querySelector(".search");
    const status = box.querySelector(".search-summary");
    let rest;
    const seen = new IntersectionObserver((entries) => {
      for (const { target } of entries.filter(({ isIntersecting }) => isIntersecting)) {
        seen.unobserve(target);
        target.later();
      }
    });
    const show = () => {
      clearTimeout(rest);
      seen.disconnect();
      const asked = field.value.trim();
      const found = asked ? VJP.find(asked) : { hits: [] };
      status.textContent = asked ? summary(found) : "";
      const items = found.hits.map((hit) => item(hit, found.words));
      list.replaceChildren(...items, ...(asked && !items.length && box.close ? [lists()] : []));
      rest = setTimeout(() => items.forEach((made) => seen.observe(made)), REST);
    };
    const move = (event) => {
      const stops = [field, ...list.querySelectorAll("a")];
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const next = stops[stops.indexOf(document.activeElement) + step];
      if (!next || (document.activeElement === field && field.value.includes("\n"))) return;
      event.preventDefault();
      next.focus();
    };
    box.addEventListener("keydown", (event) => {
      if (event.key in { ArrowDown: 1, ArrowUp: 1 }) move(event);
      if (event.key !== "Enter" || event.target !== field || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      list.querySelector("a")?.click();
    });
    list.addEventListener("click", ({ target }) => { if (target.closest("a")) box.close?.(); });
    field.addEventListener("input", show);
    if (box.matches(".search-page")) {
      field.value ||= new URLSearchParams(location.search).get("q") ?? "";
      field.addEventListener("change", () => history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`));
    }
    show();
  };
}
