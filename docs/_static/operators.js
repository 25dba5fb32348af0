// Works the filter of the operator index. Without it the table is whole.
(() => {
  const form = document.querySelector(".op-filter");
  if (!form) return;
  const table = document.getElementById("op-table");
  const rows = [...table.tBodies[0].rows];
  let read; // once something is chosen: it takes long
  const cells = () => (read ??= rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
  const [name, ...choices] = form.querySelectorAll("input, select");
  const fits = (texts) => {
    const [operator, ...others] = texts;
    const words = name.value.toLowerCase().split(/\s+/);
    const is = ({ value }, column) =>
      value === "any" || value === others[column] ||
      (column === 3 && others[column].split(" ").includes(value));
    return words.every((word) => operator.toLowerCase().includes(word)) && choices.every(is);
  };
  // What is typed may be a whole name, the last part of one, or its beginning.
  const rank = ([operator]) => {
    const typed = name.value.trim().toLowerCase();
    const names = operator.toLowerCase().split(/\s+/);
    const last = names.map((each) => each.split(".").pop());
    const found = [names[0] === typed, last[0] === typed, last.includes(typed),
      last.some((each) => each.startsWith(typed))].indexOf(true);
    return found < 0 ? 4 : found;
  };
  const ranked = () => {
    const ranks = new Map(rows.map((row, number) => [row, rank(cells()[number])]));
    return rows.toSorted((one, other) => ranks.get(one) - ranks.get(other));
  };
  let arranged = rows;
  const arrange = (order) => {
    if (order !== arranged) table.tBodies[0].append(...order);
    arranged = order;
  };
  const update = () => {
    const isAll = name.value.trim() === "" && choices.every(({ value }) => value === "any");
    rows.forEach((row, number) => { row.hidden = !isAll && !fits(cells()[number]); });
    arrange(name.value ? ranked() : rows);
    const shown = rows.filter((row) => !row.hidden).length;
    form.querySelector("output").textContent = `${shown} of ${rows.length} operators`;
  };
  // On a phone the first rows are enough, until the reader filters or comes near the last.
  const show = () => { table.classList.add("whole"); };
  const near = new IntersectionObserver(
    ([{ isIntersecting }]) => { if (isIntersecting) show(); }, { rootMargin: "100%" });
  near.observe(rows[40]);
  // What a word means is written once, at its choice.
  const meanings = new Map([...form.querySelectorAll("option[title]")].map((option) => [option.value, option.title]));
  table.addEventListener("pointerover", ({ target }) => {
    if (target.matches(".op-chip")) target.title = meanings.get(target.textContent);
  });
  form.addEventListener("input", show);
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    [...table.tBodies[0].rows].find((row) => !row.hidden)?.querySelector("a")?.click();
  });
  update();
})();
