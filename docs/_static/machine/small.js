// The small machine of the landing page: J is fixed, v changes, the sum follows.
(() => {
  const root = document.querySelector(".machine-small");
  if (!root) return;
  const weights = [...root.querySelectorAll("td.v input")];
  const rows = [...root.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td.j")]);
  const J = rows.map((row) => row.map((cell) => Number(cell.textContent)));
  const results = [...root.querySelectorAll("tfoot button")];
  const sum = root.querySelector(".machine-sum");
  const link = root.querySelector("a[data-state]");
  const most = Math.max(...J.flat().map(Math.abs));
  const write = (value) => String(Number(value.toPrecision(4))).replace("-", "−");
  const factor = (value) => write(value).replace(/^−.*/, "($&)");
  rows.forEach((row, o) => row.forEach((cell, i) => {
    const share = J[o][i] === 0 ? 0 : 0.25 + 0.75 * Math.abs(J[o][i]) / most;
    cell.style.backgroundPositionX = `${100 * share}%`;
  }));
  let column = 0;

  const update = () => {
    const v = weights.map((input) => input.valueAsNumber || 0);
    const heaviest = Math.max(...v.map(Math.abs)) || 1;
    rows.forEach((row, o) => {
      const strength = Math.abs(v[o]) / heaviest;
      weights[o].parentElement.style.backgroundPositionX = `${100 * strength}%`;
      weights[o].closest("tr").style.backgroundPositionX = `${100 * Math.sqrt(strength)}%`;
      for (const [i, cell] of row.entries()) cell.classList.toggle("column", i === column);
    });
    results.forEach((button, i) => {
      button.textContent = write(v.reduce((total, weight, o) => total + weight * J[o][i], 0));
      button.parentElement.classList.toggle("column", i === column);
    });
    const terms = v.map((weight, o) => `${factor(weight)}·${factor(J[o][column])}`).join(" + ");
    sum.textContent = `result[${column}]: ${terms} = ${results[column].textContent}`;
    link.href = `${link.dataset.state}&v=${encodeURIComponent(`[${v.join(", ")}]`)}`;
  };
  const select = ({ target }) => {
    const cell = target.closest("td.j, tfoot td");
    if (!cell) return;
    const shift = cell.parentElement.querySelectorAll("td.v").length + 1;
    column = cell.cellIndex - (cell.closest("tfoot") ? 1 : shift);
    update();
  };
  for (const input of weights) input.disabled = false;
  root.addEventListener("input", update);
  root.addEventListener("pointerover", select);
  root.addEventListener("focusin", select);
  update();
})();
