// The error doctor: finds the row of the table that a pasted traceback ends with.
globalThis.VJP ??= {};
(() => {
  // Python's named groups and its ^, of a text that may hold several lines.
  const pattern = (text) => new RegExp(text.replaceAll("(?P<", "(?<"));
  const fill = (text, groups) => text.replace(/\{(\w+)\}/g, (whole, name) => groups[name] ?? whole)
    .replaceAll("{{", "{").replaceAll("}}", "}");

  // The error of a traceback: its last "SomeError: text", with the lines that follow.
  const lastError = (text) => {
    const lines = text.replace(/\r/g, "").trim().split("\n");
    const starts = lines.map((line) => /^\s*(?:E\s+)?((?:\w+\.)*\w*(?:Error|Warning|Exception|Interrupt))\b:?\s*(.*)$/.exec(line));
    const at = starts.findLastIndex((start) => start !== null);
    if (at < 0) return { kind: "", message: text.trim() };
    const rest = lines.slice(at + 1).map((line) => line.replace(/^E\s+/, ""));
    return { kind: starts[at][1].split(".").at(-1), message: [starts[at][2], ...rest].join("\n").trim() };
  };

  const diagnoseText = (message) => {
    for (const row of VJP.errors) {
      const match = row.generic ? null : pattern(row.pattern).exec(message);
      if (match) return { ...row, cause: fill(row.cause, match.groups ?? {}), groups: match.groups ?? {} };
    }
    return null;
  };
  // Of what was pasted: its last error; else any text in it.
  const diagnose = (pasted) => {
    const { kind, message } = lastError(pasted);
    const found = diagnoseText(message) ?? diagnoseText(pasted);
    return { kind, message, found };
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
    if (v.length === 0 || last) return { said: `${said} torch doesn't broadcast v; expand_as does.`, code: call("v.expand_as(y)") };
    if (first) return { said: `${said} v has the first axes of the output alone: one weight for each row.`, code: `# the same weight for the whole row:\n${call(`v.reshape(v.shape + (1,) * ${y.length - v.length}).expand_as(y)`)}` };
    if (y.every((size, k) => size === v[k]) && v.length > y.length) {
      return { said: `${said} The output has lost axes on its way, as a sum or a mean does: v may belong to an earlier tensor, or x was passed to ones_like.`, code: call("torch.ones_like(y)") };
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
    if (found.entry) {
      const more = element("p", "");
      more.append(element("a", "The entry: a small program that raises it, and the fixed one", { href: root + found.entry }));
      parts.push(more);
    }
    return answer.replaceChildren(...parts);
  };
  for (const form of globalThis.document?.querySelectorAll(".doctor") ?? []) {
    form.addEventListener("input", () => show(form));
    form.addEventListener("submit", (event) => event.preventDefault());
    show(form);
  }
  Object.assign(VJP, { diagnose, diagnoseText, aboutShapes });
})();
