// Puzzles: the reader writes an entry of J, or of the product, for all indices at once.
// Exercises: the reader's answer is compared with the one in the solution below it.
(() => {
  const key = `vjp-guide:${location.pathname.split("/").at(-1)}`;
  const read = () => {
    try {
      return new Set(JSON.parse(localStorage.getItem(key) ?? "[]"));
    } catch {
      return new Set();
    }
  };
  const solved = read();
  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  const counters = document.querySelectorAll(".progress-line");
  const boxes = [];
  const count = () => {
    const done = boxes.filter((name) => solved.has(name)).length;
    for (const line of counters) line.textContent = `${done} of ${boxes.length} solved; your browser remembers it.`;
  };
  const settle = (name, isRight) => {
    if (isRight) solved.add(name);
    try {
      localStorage.setItem(key, JSON.stringify([...solved]));
    } catch { /* the page works without a memory */ }
    count();
  };

  const box = (name, label, check) => {
    const input = element("input", { spellcheck: "false", autocapitalize: "off", autocomplete: "off" });
    const answer = element("output");
    input.addEventListener("input", () => {
      const isRight = input.value.trim() !== "" && check(input.value, answer);
      answer.classList.toggle("right", isRight);
      if (isRight) settle(name, true);
    });
    boxes.push(name);
    return element("form", { class: "answer" }, element("label", {}, label, input), answer);
  };

  // Puzzles
  const same = (a, b) => Math.abs(a - b) <= 1e-9 * (1 + Math.abs(b));
  const entries = (shape) => {
    const steps = VJP.contiguous(shape);
    return Array.from({ length: VJP.numelOf(shape) }, (_, at) => shape.map((size, axis) => Math.floor(at / steps[axis]) % size));
  };
  const numberOf = (value) => {
    if (value instanceof VJP.Tensor && value.numel === 1) return value.data[0];
    if (value instanceof VJP.Num) return value.value;
    return typeof value === "boolean" ? Number(value) : NaN;
  };
  const writtenAt = (tree, names, letters, index) => {
    const bound = Object.fromEntries(letters.map((letter, axis) => [letter, new VJP.Num(index[axis], "int")]));
    return numberOf(VJP.evaluate(tree, { ...names, ...bound }));
  };
  const grid = (shape, right) => {
    const columns = shape.at(-1) ?? 1;
    const rows = [];
    for (let at = 0; at < right.length; at += columns) {
      rows.push(element("tr", {}, ...right.slice(at, at + columns).map(({ index, found, wanted, ok }) =>
        element("td", { class: ok ? "ok" : "wrong", title: `[${index}]` }, ok ? `${VJP.short(wanted)} ✓` : `${VJP.short(found)} ✗`))));
    }
    const table = element("table", { class: "puzzle-grid" }, element("caption", {}, `Your entries, ${shape.slice(0, -1).length ? `a row for each of the first ${shape.length - 1} indices` : "in one row"}: ✓ right, ✗ wrong`));
    table.append(...rows);
    return table;
  };
  const puzzle = (node) => {
    const { y, x, v, letters, name } = node.dataset;
    const seen = VJP.compute({ y, x, v: v || "torch.ones_like(y)" });
    const target = v ? seen.result : seen.J;
    const names = letters.split(" ");
    const scope = { ...seen.names, ...(v ? { v: seen.v } : {}) };
    const check = (text, answer) => {
      let rows;
      try {
        const tree = VJP.parse(text);
        rows = entries(target.shape).map((index, at) => {
          const found = writtenAt(tree, scope, names, index);
          return { index, found, wanted: target.data[at], ok: same(found, target.data[at]) };
        });
      } catch (error) {
        answer.replaceChildren(error.message);
        return false;
      }
      const wrong = rows.filter(({ ok }) => !ok);
      const list = wrong.slice(0, 4).map(({ index }) => `[${index.join(", ")}]`).join(" ");
      answer.replaceChildren(wrong.length ? `Not yet: ${wrong.length} of ${rows.length} are wrong, such as ${list}` : `Right: all ${rows.length} entries.`, grid(target.shape, rows));
      return wrong.length === 0;
    };
    node.append(box(name, `${v ? "result" : "J"}[${names.join(", ")}] = `, check));
  };
  for (const node of document.querySelectorAll(".puzzle")) puzzle(node);

  // Exercises: the literals that the solution passes to its check, and that were tested.
  const flat = (value) => (Array.isArray(value) ? [...value].flatMap(flat) : [numberOf(value)]);
  const shapeOf = (value) => (Array.isArray(value) ? [value.length, ...(value.length ? shapeOf(value[0]) : [])] : []);
  const compare = (found, wanted) => {
    if (shapeOf(found).join() !== shapeOf(wanted).join()) return "Not yet: another shape.";
    const pairs = flat(found).map((value, at) => same(value, flat(wanted)[at]));
    const wrong = pairs.filter((ok) => !ok).length;
    return wrong ? `Not yet: ${wrong} of ${pairs.length} differ.` : "Right.";
  };
  const exercise = (section) => {
    const code = [...section.querySelectorAll("details pre")].map((pre) => pre.textContent).join("\n");
    const call = /^>>> check_(\d+)\((.*)\)$/m.exec(code);
    if (!call) return;
    let wanted;
    try {
      wanted = VJP.evaluate(VJP.parse(`(${call[2]},)`), {});
      if (flat(wanted).some(Number.isNaN)) return;
    } catch {
      return; // the answer is a program
    }
    const check = (text, answer) => {
      try {
        const found = VJP.evaluate(VJP.parse(`(${text},)`), {});
        answer.textContent = compare(found.length === wanted.length || found.length !== 1 ? found : VJP.Tuple.of(...found[0]), wanted);
      } catch (error) {
        answer.textContent = error.message;
      }
      return answer.textContent === "Right.";
    };
    const form = box(section.id || call[1], `check_${call[1]}: `, check);
    section.querySelector("details").before(form);
  };
  const isExercises = location.pathname.endsWith("exercises.html");
  for (const section of isExercises ? document.querySelectorAll("section section") : []) exercise(section);
  document.addEventListener("submit", (event) => {
    if (event.target.matches(".answer")) event.preventDefault();
  });
  count();
})();
