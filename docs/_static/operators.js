// Works the filter of the operator index. Without it the table is whole.
(() => {
  const form = document.querySelector(".op-filter");
  if (!form) return;
  const rows = [...document.getElementById("op-table").tBodies[0].rows];
  const cells = rows.map((row) => [...row.cells].map((cell) => cell.textContent));
  const [name, ...choices] = form.querySelectorAll("input, select");
  const fits = (texts) => {
    const [operator, ...others] = texts;
    const words = name.value.toLowerCase().split(/\s+/);
    const is = ({ value }, column) =>
      value === "any" || value === others[column] ||
      (column === 3 && others[column].split(" ").includes(value));
    return words.every((word) => operator.toLowerCase().includes(word)) && choices.every(is);
  };
  const update = () => {
    rows.forEach((row, number) => { row.hidden = !fits(cells[number]); });
    const shown = rows.filter((row) => !row.hidden).length;
    form.querySelector("output").textContent = `${shown} of ${rows.length} operators`;
  };
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    rows.find((row) => !row.hidden)?.querySelector("a")?.click();
  });
  update();
})();
