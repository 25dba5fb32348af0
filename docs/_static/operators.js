// Works the filter of the operator index. Without it the table is whole.
(() => {
  const form = document.querySelector(".op-filter");
  if (!form) return;
  const table = document.getElementById("op-table");
  const rows = [...table.tBodies[0].rows];
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
  // On a phone the first rows are enough, until the reader filters or comes near the last.
  const show = () => { table.classList.add("whole"); };
  const near = new IntersectionObserver(
    ([{ isIntersecting }]) => { if (isIntersecting) show(); }, { rootMargin: "100%" });
  near.observe(rows[40]);
  form.addEventListener("input", show);
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    rows.find((row) => !row.hidden)?.querySelector("a")?.click();
  });
  update();
})();
