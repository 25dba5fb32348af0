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
  const { element } = VJP;

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

  const register = (name, answer) => {
    boxes.push(name);
    if (solved.has(name)) answer.textContent = "Solved before.";
    count();
  };
  // Each in a task of its own: taps are answered in between.
  const inTurn = (make, node) => setTimeout(make, 0, node);

  const box = (name, label, check) => {
    const input = element("input", { spellcheck: "false", autocapitalize: "off", autocomplete: "off" });
    const answer = element("output");
    input.addEventListener("input", () => {
      const isRight = input.value.trim() !== "" && check(input.value, answer);
      answer.classList.toggle("right", isRight);
      if (isRight) settle(name, true);
    });
    register(name, answer);
    return element("form", { class: "answer" }, element("label", {}, label, input), answer);
  };

  // Puzzles
  const same = (a, b) => Math.abs(a - b) <= 1e-9 * (1 + Math.abs(b));
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
        rows = VJP.indices(target.shape).map((index, at) => {
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
  for (const node of document.querySelectorAll(".puzzle")) inTurn(puzzle, node);

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
    const form = box(section.id, `check_${call[1]}: `, check);
    const clickable = [...wanted].every((part) => part instanceof VJP.Tuple) ? shapeCells(section, wanted.length) : truthCells(wanted);
    if (clickable) form.prepend(clickable(form.querySelector("input")));
    section.querySelector("details").before(form);
  };

  // Answers that can be clicked together: what is clicked is written into the field.
  const write = (input, text) => {
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const button = (text, onClick) => {
    const made = element("button", { type: "button" }, text);
    made.addEventListener("click", onClick);
    return made;
  };
  const tuple = (sizes) => `(${sizes.join(", ")}${sizes.length === 1 ? "," : ""})`;
  // The sizes that the exercise's words and program hold.
  const sizesIn = (section) => {
    const own = [...section.children].filter((child) => !child.matches("details, h2, form"));
    const found = own.flatMap((child) => child.textContent.match(/(?<![\w.])[1-9]\d?(?![\w.])/g) ?? []);
    return [...new Set([1, ...found.map(Number)])].sort((a, b) => a - b);
  };
  const shapeCells = (section, count) => (input) => {
    const shapes = Array.from({ length: count }, () => []);
    const show = () => write(input, shapes.map(tuple).join(", "));
    const rows = shapes.map((shape, number) => {
      const cells = sizesIn(section).map((size) => button(String(size), () => {
        shape.push(size);
        show();
      }));
      const back = button("remove the last", () => {
        shape.pop();
        show();
      });
      const name = count === 1 ? "The axes of the shape" : `The axes of shape ${number + 1}`;
      return element("div", { class: "cells", role: "group", "aria-label": name }, `${name}: `, ...cells, back);
    });
    return element("div", {}, ...rows);
  };
  const truthCells = (wanted) => {
    const values = flatten(wanted);
    if (!values.every((value) => typeof value === "boolean")) return null;
    return (input) => {
      const chosen = values.map(() => false);
      const cells = chosen.map((_, number) => button(`${number}: False`, ({ target }) => {
        chosen[number] = !chosen[number];
        target.textContent = `${number}: ${chosen[number] ? "True" : "False"}`;
        write(input, `[${chosen.map((value) => (value ? "True" : "False")).join(", ")}]`);
      }));
      return element("div", { class: "cells", role: "group", "aria-label": "True or False for each" }, ...cells);
    };
  };
  const flatten = (value) => (Array.isArray(value) ? [...value].flatMap(flatten) : [value]);

  // The line that mends a program, from a choice.
  const choice = (fieldset) => {
    const answer = fieldset.querySelector("output");
    const name = fieldset.closest("section").id;
    register(name, answer);
    fieldset.addEventListener("change", ({ target }) => {
      const isRight = "right" in target.closest("label").dataset;
      answer.classList.toggle("right", isRight);
      answer.textContent = isRight ? "Right." : "Not yet: with this line the check doesn't pass.";
      if (isRight) settle(name, true);
    });
  };
  for (const fieldset of document.querySelectorAll(".choice")) inTurn(choice, fieldset);
  const isExercises = location.pathname.endsWith("exercises.html");
  for (const section of isExercises ? document.querySelectorAll("section section") : []) inTurn(exercise, section);
  document.addEventListener("submit", (event) => {
    if (event.target.matches(".answer")) event.preventDefault();
  });
})();
