// The page of the machine: fields, the picture of J as a table, and what torch prints.
// In a task of its own: taps are answered after the engine has loaded.
setTimeout(() => {
  const root = document.getElementById("machine");
  if (!root) return;
  const MOST_CELLS = 4096;
  const FIELDS = ["y", "x", "A", "v", "z", "L", "u"];
  const { element, indices } = VJP;
  const $ = (id) => document.getElementById(id);
  const field = (name) => $(`machine-${name}`);

  let state = {};
  let seen = null;

  // State: the fields, and other tensors that the address names.
  const readFields = () => {
    for (const name of FIELDS) state[name] = field(name).value.trim();
    for (const input of root.querySelectorAll("[data-name]")) state[input.dataset.name] = input.value.trim();
  };
  const writeFields = () => {
    for (const name of FIELDS) field(name).value = state[name] ?? "";
    const others = Object.keys(state).filter((name) => !FIELDS.includes(name) && /^[A-Za-z_]\w*$/.test(name));
    $("machine-others").replaceChildren(...others.map((name) =>
      element("label", {}, `${name} = `, element("input", { "data-name": name, value: state[name], spellcheck: "false", autocomplete: "off" }))));
    if (["z", "L", "u"].some((name) => state[name])) $("machine-more").open = true;
  };

  const entry = (name, index) => (index.length ? `${name}[${index.join(", ")}]` : name);
  const startsBlock = (index) => index.length > 1 && index.slice(1).every((at) => at === 0);

  // The column of a cell, and the focus on what it holds.
  const leftOf = (cell) => {
    let left = 0;
    for (let before = cell.previousElementSibling; before; before = before.previousElementSibling) left += before.colSpan;
    return left;
  };
  const focusOn = (cell) => {
    const inside = cell.querySelector("button, input");
    if (!inside) cell.tabIndex = -1;
    (inside ?? cell).focus();
  };

  // The table of one step: v, the rows of J, their weighted sum.
  class Step {
    constructor(names) {
      Object.assign(this, names);
      this.table = element("table", { class: "machine-j" });
      this.sum = element("p", { class: "machine-sum", "aria-live": "polite" });
      this.node = element("div", { class: "machine-step" }, element("div", { class: "machine-scroll", tabindex: "0", role: "region", "aria-label": `J of ${names.output} by ${names.input}` }, this.table), this.sum);
      this.key = "";
      this.column = 0;
      this.table.addEventListener("pointerover", ({ target }) => this.select(target.closest("[data-column]")));
      this.table.addEventListener("focusin", ({ target }) => this.select(target.closest("[data-column]")));
      this.table.addEventListener("keydown", (event) => this.move(event));
      this.table.addEventListener("input", ({ target }) => this.typed(target));
      this.table.addEventListener("pointerdown", (event) => this.drag(event));
    }
    show({ output, input, J, v, result, u, Ju, editable }) {
      Object.assign(this, { J, v, result, rows: output.numel, columns: input.numel });
      const key = [output.shape.join(), input.shape.join(), Boolean(u), editable, this.total].join("|");
      if (key !== this.key) this.build(output.shape, input.shape, Boolean(u), editable);
      this.key = key;
      this.fill(output, input, u, Ju);
      this.select(this.results[Math.min(this.column, this.columns - 1)]);
    }
    // Whether the table may stand while an error is shown: its shapes are still the same.
    isOf({ x, y }) {
      return this.key !== "" && (!x || !y || this.key.startsWith(`${y.shape.join()}|${x.shape.join()}|`));
    }
    build(outShape, inShape, hasTangent, editable) {
      Object.assign(this, { written: new Map(), values: [], shares: [], strengths: [], widths: [], marked: null });
      const columns = indices(inShape);
      const blocks = columns.map((index) => (startsBlock(index) ? " block" : ""));
      const cell = (tag, attributes) => element(tag, attributes);
      const across = (row, make) => columns.map((_, column) => {
        const made = make(column);
        made.dataset.column = column;
        if (blocks[column]) made.classList.add("block");
        row.append(made);
        return made;
      });
      const head = element("tr", {}, element("th", { scope: "col" }, this.output), element("th", { scope: "col", class: "v" }, this.weights));
      this.heads = across(head, (column) => cell("th", { scope: "col", class: this.input }));
      this.columnNames = columns.map((index) => entry(this.input, index));
      if (hasTangent) head.append(element("th", { scope: "col", class: "u" }, "J u"));
      const body = element("tbody");
      this.tangents = [];
      if (hasTangent) {
        const row = element("tr", {}, element("th", { scope: "row" }, "u"), element("td"));
        this.tangents = across(row, () => cell("td", { class: "u" }));
        row.append(element("td"));
        body.append(row);
      }
      this.cells = [];
      this.weightCells = [];
      this.rowHeads = [];
      this.beside = [];
      this.rowNames = indices(outShape).map((index) => entry(this.output, index));
      indices(outShape).forEach((index, number) => {
        const row = element("tr", { class: startsBlock(index) && number ? "block" : null });
        const name = element("th", { scope: "row", class: "y" });
        const weight = editable
          ? element("input", { type: "number", step: "any", "data-row": number, "aria-label": `${this.weights} of ${this.rowNames[number]}` })
          : element("span");
        row.append(name, element("td", { class: "v" }, weight));
        this.rowHeads.push(name);
        this.weightCells.push(weight);
        this.cells.push(...across(row, () => element("td", { class: "j" }, "0")));
        if (hasTangent) {
          this.beside.push(element("td", { class: "u" }));
          row.append(this.beside.at(-1));
        }
        body.append(row);
      });
      const foot = element("tr", {}, element("th", { scope: "row", class: "r", colspan: "2" }, this.total + this.path));
      this.results = across(foot, () => element("td", { class: "r" }, element("button", { type: "button", tabindex: "-1" })));
      if (hasTangent) foot.append(element("td", { class: "u shared" }));
      this.shared = foot.querySelector(".shared");
      const caption = element("caption", {}, `J of ${this.output} ${VJP.shapeText({ shape: outShape })} by ${this.input} ${VJP.shapeText({ shape: inShape })}: one row for each entry of ${this.output}, weighted by ${this.weights}`);
      this.table.replaceChildren(caption, element("thead", {}, head), body, element("tfoot", {}, foot));
    }
    fill(output, input, u, Ju) {
      const write = (node, text) => {
        if (this.written.get(node) === text) return;
        this.written.set(node, text);
        node.textContent = text;
      };
      const most = this.J.data.reduce((so, value) => Math.max(so, Math.abs(value) || 0), 0) || 1;
      const heaviest = this.v.data.reduce((so, value) => Math.max(so, Math.abs(value) || 0), 0) || 1;
      this.heads.forEach((head, k) => write(head, `${this.columnNames[k]} = ${VJP.short(input.data[k])}`));
      this.rowHeads.forEach((head, k) => write(head, `${this.rowNames[k]} = ${VJP.short(output.data[k])}`));
      this.tangents.forEach((cell, k) => write(cell, VJP.short(u.data[k])));
      this.beside.forEach((cell, k) => write(cell, VJP.short(Ju.data[k])));
      this.weightCells.forEach((cell, row) => {
        if (cell.tagName === "SPAN") write(cell, VJP.short(this.v.data[row]));
        else if (cell.value === "" || Number(cell.value) !== this.v.data[row]) cell.value = String(Number(this.v.data[row].toPrecision(6)));
        const weight = Math.abs(this.v.data[row]) / heaviest || 0;
        if (this.strengths[row] === weight) return;
        this.strengths[row] = weight;
        cell.parentElement.style.backgroundPositionX = `${100 * weight}%`;
        cell.closest("tr").style.backgroundPositionX = `${100 * Math.sqrt(weight)}%`;
        cell.closest("tr").classList.toggle("idle", weight === 0);
      });
      this.cells.forEach((cell, k) => {
        const value = this.J.data[k];
        const share = value === 0 ? 0 : 0.25 + 0.75 * Math.abs(value) / most || 0;
        if (this.values[k] !== value) {
          this.values[k] = value;
          cell.firstChild.data = VJP.short(value);
        }
        if (this.shares[k] !== share) {
          this.shares[k] = share;
          cell.style.backgroundPositionX = `${100 * share}%`;
        }
      });
      this.results.forEach((cell, k) => {
        const text = VJP.short(this.result.data[k]);
        if (text.length > (this.widths[k] ?? 0)) {
          this.widths[k] = text.length;
          cell.style.minWidth = `${text.length + 2}ch`;
        }
        write(cell.firstChild, text);
        cell.firstChild.setAttribute("aria-label", `${this.total}, ${this.columnNames[k]}${this.path}: ${VJP.short(this.result.data[k])}`);
      });
    }
    // The column under the pointer or the focus, with its sum written out.
    select(cell) {
      if (!cell || this.columns === 0) {
        this.sum.textContent = "";
        return;
      }
      this.column = Number(cell.dataset.column);
      if (this.marked !== this.column) {
        this.mark(this.marked, false);
        this.mark(this.column, true);
        this.marked = this.column;
      }
      const text = `${this.columnNames[this.column].replace(this.input, this.total)}${this.path}: ${VJP.sumText(this.v, this.J, this.column)}`;
      if (this.sum.textContent !== text) this.sum.textContent = text;
    }
    mark(column, isMarked) {
      if (column === null) return;
      const cells = [this.heads[column], this.results[column]];
      for (let row = 0; row < this.rows; row++) cells.push(this.cells[row * this.columns + column]);
      for (const cell of cells) cell.classList.toggle("column", isMarked);
      this.results[column].firstChild.tabIndex = isMarked ? 0 : -1;
    }
    // The arrow keys walk through the numbers and their names.
    move(event) {
      const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -Infinity], End: [0, Infinity] };
      const [down, across] = moves[event.key] ?? [];
      if (down === undefined || event.target.tagName === "INPUT") return;
      event.preventDefault();
      const cell = event.target.closest("th, td");
      const { rows } = this.table;
      const row = rows[Math.min(Math.max(cell.parentElement.rowIndex + down, 0), rows.length - 1)];
      const starts = [];
      for (const other of row.cells) starts.push(...Array(other.colSpan).fill(other));
      const place = leftOf(cell) + (across > 0 ? cell.colSpan - 1 : 0) + across;
      const lowest = across === -Infinity ? 2 : 0;
      const highest = across === Infinity ? 1 + this.columns : starts.length - 1;
      focusOn(starts[Math.min(Math.max(place, lowest), highest)]);
    }
    typed(target) {
      if (!target.dataset.row || target.value === "" || !Number.isFinite(target.valueAsNumber)) return;
      this.weigh(Number(target.dataset.row), target.valueAsNumber);
    }
    weigh(row, value) {
      const data = Float64Array.from(this.v.data);
      data[row] = value;
      state.v = VJP.nested(new VJP.Tensor(this.v.shape, data));
      field("v").value = state.v;
      update(goToSoon);
    }
    // A weight follows the pointer that drags it: half a unit for each ten pixels.
    drag(event) {
      const input = event.target;
      if (!input.dataset.row || event.pointerType === "touch") return;
      const [from, start] = [event.clientX, Number(input.value)];
      const follow = ({ clientX }) => {
        const moved = Math.round((clientX - from) / 10) / 2;
        if (moved === 0 && Number(input.value) === start) return;
        input.value = String(start + moved);
        this.weigh(Number(input.dataset.row), start + moved);
      };
      const stop = () => {
        removeEventListener("pointermove", follow);
        removeEventListener("pointerup", stop);
      };
      addEventListener("pointermove", follow);
      addEventListener("pointerup", stop);
    }
  }
  const last = new Step({ output: "y", input: "x", weights: "v", total: "result", path: "" });
  const first = new Step({ output: "z", input: "y", weights: "v", total: "dL/dy", path: "" });

  const showError = ({ error, mended }) => {
    $("machine-failure").hidden = !error;
    $("error").textContent = error ? error.text : "";
    $("error").previousElementSibling.textContent = error?.kind ? `${error.kind}: ` : "";
    $("machine-meaning").textContent = error ? meaning(error) : "";
    $("machine-mend").hidden = !mended;
    if (mended) $("machine-mend").querySelector("code").textContent = `${mended.part} = ${mended.text}`;
    for (const name of FIELDS) field(name).setAttribute("aria-invalid", String(error?.part === name));
  };
  const meaning = (error) => {
    if (/^Mismatch in shape/.test(error.text)) {
      return `v has the shape ${VJP.shapeText(seen.v)}, and ${seen.z ? "z" : "y"} has ${VJP.shapeText(seen.z ?? seen.y)}: v needs one weight for each entry.`;
    }
    if (/only for scalar outputs/.test(error.text)) {
      return `${error.part === "L" ? "L" : seen.z ? "z" : "y"} has several entries and no weights: torch takes v = 1 by itself only for one entry.`;
    }
    if (/does not require grad/.test(error.text)) return `${seen.z ? "z" : "y"} has no graph that leads back to x, so there is nothing to differentiate.`;
    return `In ${error.part} = ${state[error.part] ?? ""}`;
  };

  const print = (id, tensor) => {
    const text = tensor ? VJP.format(tensor) : "";
    if ($(id).textContent !== text) $(id).textContent = text;
    $(id).dataset.values = tensor && tensor.numel <= MOST_CELLS ? JSON.stringify([...tensor.data]) : "";
    $(id).dataset.shape = tensor ? JSON.stringify(tensor.shape) : "";
    const label = $(`${id}-shape`);
    if (label) label.textContent = tensor ? VJP.shapeText(tensor) : "";
  };

  const showSteps = () => {
    const { x, y, z, J, Jz, result, weights, atY, u, Ju, shared } = seen;
    const fits = result && J && J.numel <= MOST_CELLS && (!Jz || Jz.numel <= MOST_CELLS);
    $("machine-large").hidden = !result || fits;
    const nodes = [];
    if (fits && z) {
      first.show({ output: z, input: y, J: Jz, v: weights, result: atY, editable: !seen.L });
      nodes.push(first.node);
    }
    if (fits) {
      [last.weights, last.total, last.path] = z ? ["dL/dy", "dL/dx", " through y"] : ["v", "result", ""];
      last.show({ output: y, input: x, J, v: z ? atY : weights, result: z ? seen.inTwo : result, u: z ? null : u, Ju, editable: !z && !seen.L });
      if (last.shared) last.shared.textContent = VJP.short(shared[0]);
      nodes.push(last.node);
    }
    const picture = $("machine-picture");
    if (fits && nodes.some((node, k) => picture.children[k] !== node) || picture.children.length !== nodes.length) picture.replaceChildren(...nodes);
  };
  const notes = () => {
    const { z, atY, inTwo, result, shared, L } = seen;
    const found = [];
    if (L) found.push(`L = ${VJP.short(L.data[0])}, and v = dL/d${z ? "z" : "y"}.`);
    if (z && result) {
      const same = inTwo.data.every((value, k) => Math.abs(value - result.data[k]) <= 1e-9 * (1 + Math.abs(value)));
      found.push(`In two calls: from z ${VJP.shapeText(z)} back to y ${VJP.shapeText(atY)}, then to x ${VJP.shapeText(inTwo)}. In one call, from z to x: ${same ? "the same" : "another result, since z also depends on x directly"}.`);
    }
    if (shared) found.push(`⟨v, J u⟩ = ${VJP.short(shared[0])} and ⟨vᵀJ, u⟩ = ${VJP.short(shared[1])}: the same number.`);
    $("machine-notes").replaceChildren(...found.map((text) => element("p", {}, text)));
  };

  // Which step of the stairs the tables belong to.
  const stairs = new VJP.Stairs($("machine-stages"), (at) => {
    first.node.classList.toggle("now", [2, 3, 4].includes(at));
    last.node.classList.toggle("now", ![2, 3, 4].includes(at));
  });

  const update = (address = goTo) => {
    seen = VJP.compute(Object.fromEntries(Object.entries(state).filter(([name, text]) => text !== "" || ["x", "y"].includes(name))));
    showError(seen);
    print("y", seen.y);
    print("result", seen.error ? null : seen.result);
    print("jacobian", seen.J);
    $("program").textContent = VJP.program(seen) ?? "";
    if (!seen.error) {
      showSteps();
      notes();
      stairs.show(seen);
    }
    root.classList.toggle("failed", Boolean(seen.error));
    root.classList.toggle("stale", Boolean(seen.error) && !last.isOf(seen));
    if (address) address(VJP.writeAddress(state));
  };
  // The address follows at once, but while one types only when the hand rests.
  const REST = 200; // milliseconds
  let resting = null;
  const goTo = (hash) => {
    clearTimeout(resting);
    history.replaceState(null, "", hash);
  };
  const goToSoon = (hash) => {
    clearTimeout(resting);
    resting = setTimeout(goTo, REST, hash);
  };

  const load = (hash) => {
    state = { y: "", x: "", A: "", v: "", z: "", L: "", u: "", ...VJP.readAddress(hash) };
    for (const option of $("machine-preset").options) option.selected = VJP.writeAddress(VJP.readAddress(option.value)) === VJP.writeAddress(state);
    writeFields();
    update(null);
  };

  // Ways to choose v
  const weightsLike = (write) => {
    const output = seen.z ?? seen.y;
    if (!output) return;
    const data = Float64Array.from(output.data, (_, k) => write(k, output.numel));
    state.v = VJP.nested(new VJP.Tensor(output.shape, data));
  };
  let hot = -1;
  const choices = {
    ones: () => { state.v = `torch.ones_like(${seen.z ? "z" : "y"})`; },
    "one-hot": () => {
      hot = (hot + 1) % Math.max((seen.z ?? seen.y)?.numel ?? 1, 1);
      weightsLike((k) => (k === hot ? 1 : 0));
    },
    random: () => weightsLike(() => Math.round(Math.random() * 40 - 20) / 10),
    loss: () => {
      state.L ||= `(${seen.z ? "z" : "y"} ** 2).sum()`;
      state.v = VJP.WEIGHTS;
      $("machine-more").open = true;
    },
  };

  // The picture as a file
  const svgText = () => {
    const { x, y, z, J, Jz, weights, atY, inTwo, result, u, Ju, shared } = seen;
    const css = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
      .map((rule) => rule.cssText).filter((text) => text.includes("vjp-figure"));
    const whole = { output: "y", input: "x", weights: "v", x, y, J, v: weights, result };
    const steps = z
      ? [{ output: "z", input: "y", weights: "v", x: y, y: z, J: Jz, v: weights, result: atY }, { ...whole, weights: "dL/dy", v: atY, result: inTwo }]
      : [u ? { ...whole, u, Ju, shared: shared[0] } : whole];
    return VJP.draw(steps, css.join("\n"));
  };
  const download = () => {
    if (seen.error || !seen.J) return;
    const address = URL.createObjectURL(new Blob([svgText()], { type: "image/svg+xml" }));
    const link = element("a", { href: address, download: "vjp.svg" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address));
  };
  const say = (text) => { $("machine-said").textContent = text; };
  const copy = (text, what) => navigator.clipboard.writeText(text)
    .then(() => say(`${what} copied.`), () => say("The browser didn't allow copying."));
  const actions = {
    copy: () => copy($("program").textContent, "Program"),
    link: () => copy(new URL(VJP.writeAddress(state), location.href).href, "Link"),
    svg: download,
    mend: () => {
      state[seen.mended.part] = seen.mended.text;
      writeFields();
      update();
      field(seen.error?.part ?? "y").focus();
    },
  };

  root.addEventListener("input", ({ target }) => {
    if (target.id === "machine-preset") {
      goTo(target.value);
      $("machine-more").open = false;
      load(target.value);
    } else if (target.closest("form")) {
      readFields();
      update(goToSoon);
    }
  });
  root.addEventListener("submit", (event) => event.preventDefault());
  root.addEventListener("click", ({ target }) => {
    const { weights, action } = target.closest("button")?.dataset ?? {};
    if (weights) {
      if (weights !== "loss") state.L = "";
      choices[weights]();
      writeFields();
      update();
    }
    if (action) actions[action]();
  });
  // The documented part, from the list that the engine itself uses.
  const shownNames = ({ names, isProperty }) => names.map((name) => name.replace("torch.nn.functional.", "F.") + (isProperty ? "" : "()")).join(", ");
  const list = () => $("machine-operations").replaceChildren(...VJP.groups.map(({ title, entries }) =>
    element("details", {}, element("summary", {}, `${title} (${entries.length})`),
      element("table", { class: "docutils" }, element("thead", {}, element("tr", {}, ...["Names", "Arguments"].map((text) => element("th", { scope: "col" }, text)))),
        element("tbody", {}, ...entries.map((operation) => element("tr", {},
          element("td", {}, element("code", {}, shownNames(operation))),
          element("td", {}, element("code", {}, operation.signature)))))))));
  setTimeout(list);
  addEventListener("hashchange", () => load(location.hash));
  if (new URLSearchParams(location.search).has("present")) document.body.classList.add("machine-present");
  load(location.hash.includes("=") ? location.hash : root.dataset.preset);
});
