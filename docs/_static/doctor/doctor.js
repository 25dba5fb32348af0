// The error doctor: finds the row of the table that a pasted traceback ends with.
globalThis.VJP ??= {};
(() => {
  // A shape as Python writes it.
  const asTuple = (text) => {
    if (!/^\[[\d, ]*\]$/.test(text)) return text;
    const inner = text.slice(1, -1);
    return /^\d+$/.test(inner) ? `(${inner},)` : `(${inner})`;
  };
  const fill = (text, groups) => text.replace(/\{(\w+)\}/g,
    (whole, name) => (groups[name] === undefined ? whole : asTuple(groups[name])));

  // The messages in a text with their types, the last one first; the text itself at the end.
  const messages = (text) => {
    const { margin, error_line: errorLine, trace } = VJP.errors;
    const plain = text.replace(new RegExp(margin, "gm"), "");
    const found = [...plain.matchAll(new RegExp(errorLine, "g"))];
    const parts = found.map((match, k) => {
      const all = plain.slice(match.index + match[0].length, found[k + 1]?.index);
      return { kind: match.groups.type, message: all.split(new RegExp(trace))[0].trim() };
    });
    return [...parts.reverse(), { kind: "", message: text }];
  };
  const oneLine = (text) => text.trim().split(/\s+/).join(" ");
  const isFromTorch = (text) => {
    const { source, torch_autograd: torch } = VJP.errors;
    const last = [...text.matchAll(new RegExp(source, "g"))].at(-1);
    return last !== undefined && new RegExp(torch).test(last[0]);
  };

  // As vjp_guide.diagnose does: the first row that fits the last message. What other programs say
  // as well is known of torch by the line that raised it, unless it is asked for anyway.
  const diagnose = (pasted, fromAnywhere = false) => {
    const all = messages(pasted);
    for (const { kind, message } of all) {
      for (const row of VJP.errors.rows) {
        const match = new RegExp(row.pattern).exec(oneLine(message));
        if (!match || (row.generic && !fromAnywhere && !isFromTorch(pasted))) continue;
        const groups = match.groups ?? {};
        return { kind, message, found: { ...row, cause: fill(row.cause, groups), fix: fill(row.fix, groups), groups } };
      }
    }
    return { ...all[0], found: null };
  };

  const sizes = (text) => (/\[(.*)\]/.exec(text ?? "")?.[1] ?? "").split(",").map((size) => size.trim()).filter(Boolean).map(Number);
  const tuple = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const numel = (shape) => shape.reduce((product, size) => product * size, 1);

  // What the shapes say about this call, and the line that fits them.
  const aboutShapes = ({ slug, groups }) => {
    if (slug !== "shape-mismatch") return null;
    const [v, y] = [sizes(groups.v), sizes(groups.y)];
    const said = `v is ${tuple(v)}, your output is ${tuple(y)}.`;
    const call = (weights) => `torch.autograd.grad(y, x, grad_outputs=${weights})`;
    if (y.length === 0) return { said: `${said} The output is one number without axes: it needs no v, or a 0-d one.`, code: "torch.autograd.grad(y, x)" };
    if (numel(v) === numel(y)) {
      return { said: `${said} Both have ${numel(y)} elements: perhaps v only has another arrangement.`, code: `# if v's entries are in the order of y's:\n${call("v.reshape(y.shape)")}` };
    }
    const last = v.length < y.length && v.every((size, k) => size === y[y.length - v.length + k]);
    const first = v.length < y.length && v.every((size, k) => size === y[k]);
    if (v.length === 0 || last) return { said: `${said} torch doesn't broadcast v; expand_as does${v.length === 0 ? "" : ", as the same weights for each row: v[:, None] if they belong to the rows"}.`, code: call("v.expand_as(y)") };
    if (first) return { said: `${said} v has the first axes of the output alone: one weight for each row.`, code: `# the same weight for the whole row:\n${call(`v.reshape(v.shape + (1,) * ${y.length - v.length}).expand_as(y)`)}` };
    if (y.every((size, k) => size === v[k]) && v.length > y.length) {
      return { said: `${said} Perhaps the output lost axes on its way, as in a sum or a mean, and v belongs to an earlier tensor; or v was made with ones_like(x).`, code: call("torch.ones_like(y)") };
    }
    return { said: `${said} Often v was made like the input, with torch.ones_like(x).`, code: call("torch.ones_like(y)") };
  };

  const element = (tag, text, attributes = {}) => {
    const made = document.createElement(tag);
    made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const show = (form) => {
    const answer = form.querySelector("output");
    const pasted = form.querySelector("textarea").value;
    if (pasted.trim() === "") return answer.replaceChildren();
    const { kind, message, found } = diagnose(pasted);
    const { root } = form.dataset;
    if (!found) {
      const search = element("a", "Search the site for it", { href: `${root}search.html?q=${encodeURIComponent(message.slice(0, 300))}` });
      const index = element("a", "the errors index", { href: `${root}reference/errors.html` });
      const sentence = element("p", "This text isn't among the errors of gradients that are known here. ");
      sentence.append(search, ", or look through ", index, ".");
      return answer.replaceChildren(sentence);
    }
    const shapes = aboutShapes(found);
    const title = element("p", "");
    title.append(element("b", kind ? `${kind}: ` : ""), element("code", message.split("\n")[0]));
    const parts = [title, ...(shapes ? [element("p", shapes.said)] : []), element("p", found.cause), element("p", found.fix), element("pre", shapes?.code ?? found.code)];
    if (found.address) {
      const more = element("p", "");
      more.append(element("a", "The entry: a small program that raises it, and the fixed one", { href: root + found.address }));
      parts.push(more);
    }
    return answer.replaceChildren(...parts);
  };
  // The table is fetched by the first who wants to paste.
  let table;
  const fetched = ({ dataset }) => table ??= new Promise((next) => {
    const script = element("script", "", { src: `${dataset.root}_static/error-table.js` });
    script.onload = next;
    document.head.append(script);
  });
  for (const form of globalThis.document?.querySelectorAll(".doctor") ?? []) {
    form.addEventListener("focusin", () => fetched(form));
    form.addEventListener("input", () => fetched(form).then(() => show(form)));
    form.addEventListener("submit", (event) => event.preventDefault());
    if (form.querySelector("textarea").value) fetched(form).then(() => show(form));
  }
  Object.assign(VJP, { diagnose, aboutShapes });
})();
