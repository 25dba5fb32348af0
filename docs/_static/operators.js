// The filter of the operator index. Without it the table is whole.
(() => {
  const table = document.getElementById("op-table");
  if (!table) return;
  const rows = [...table.tBodies[0].rows];
  const cell = (row, column) => row.cells[column].textContent;
  const form = document.createElement("form");
  form.className = "op-filter";
  form.setAttribute("role", "search");
  const field = (name, control) => {
    const label = document.createElement("label");
    label.append(`${name} `, control);
    form.append(label);
    return control;
  };
  const choice = (name, values) => {
    const select = field(name, document.createElement("select"));
    for (const value of ["any", ...values]) select.add(new Option(value));
    return select;
  };
  const column = (number) => [...new Set(rows.map((row) => cell(row, number)))].sort();
  const text = field("Name", document.createElement("input"));
  text.type = "search";
  text.placeholder = "softmax, ger, fft";
  const group = choice("Group", column(1));
  const inputs = choice("Inputs", column(2));
  const state = choice("State", column(3));
  const badge = choice("With", ["forward", "twice", "complex", "vmap", "formula", "kinks"]);
  const count = document.createElement("output");
  count.setAttribute("aria-live", "polite");
  form.append(count);
  const is = (select, value) => select.value === "any" || select.value === value;
  const update = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const name = cell(row, 0).toLowerCase();
      row.hidden = !(
        words.every((word) => name.includes(word)) &&
        is(group, cell(row, 1)) &&
        is(inputs, cell(row, 2)) &&
        is(state, cell(row, 3)) &&
        (badge.value === "any" || cell(row, 4).split(" ").includes(badge.value))
      );
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${rows.length} operators`;
  };
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = rows.find((row) => !row.hidden);
    if (first) first.querySelector("a").click();
  });
  table.parentElement.before(form);
  update();
})();
