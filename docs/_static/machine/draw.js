// Draws J as rows with their weights and their sum, as the site's figures do, for a file.
(() => {
  const [WIDTH, HEIGHT, GAP, LEFT] = [46, 24, 7, 144];
  const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const tuple = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const plain = (tensor) => Array.from(tensor.data, (value) => VJP.short(value).replace("−", "-")).join(", ");

  // What a drawing says, for those who can't see it: the words of vjp_guide.figures.
  const rowsAlt = ({ output, input, y, x, v, result }) =>
    `Jacobian of ${output} ${tuple(y.shape)} by ${input} ${tuple(x.shape)}: ${v.numel} rows of ${x.numel}, ` +
    `weighted by v, sum to [${plain(result)}].`;
  const alt = (step) => (step.u
    ? `${rowsAlt(step)} The columns, weighted by u, sum to [${plain(step.Ju)}]. Both lead to ${VJP.short(step.shared).replace("−", "-")}.`
    : rowsAlt(step));

  // One step: its marks, and how much room they take.
  const drawStep = ({ output, input, weights, x, y, J, v, result, u, Ju, shared }) => {
    const marks = [];
    const text = (left, top, words, kind, anchor = "middle") =>
      marks.push(`<text class="${kind}" x="${left}" y="${top}" text-anchor="${anchor}">${escape(words)}</text>`);
    const cells = (left, top, values, kind, full) => values.forEach((value, k) => {
      const strength = full ? Math.abs(value) / full : 1;
      marks.push(`<rect class="${kind} edge" x="${left + k * WIDTH}" y="${top}" width="${WIDTH}" height="${HEIGHT}" rx="3" fill-opacity="${strength.toFixed(2)}"/>`);
      text(left + (k + 0.5) * WIDTH, top + 17, VJP.short(value), "cell");
    });
    const names = (symbol, shape) => VJP.indices(shape).map((index) => (index.length ? `∂${symbol}[${index}]` : `∂${symbol}`));
    const right = LEFT + x.numel * WIDTH + GAP;
    names(input, x.shape).forEach((name, k) => text(LEFT + (k + 0.5) * WIDTH, 26, name, "x name"));
    let top = u ? 70 : 36;
    if (u) {
      text(LEFT - 10, 53, "u", "name", "end");
      cells(LEFT, 36, [...u.data], "plain");
      text(right + WIDTH / 2, 60, "J u", "name");
    }
    text(LEFT - 36, top - 10, weights, "v name");
    const full = J.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    const block = VJP.numelOf(y.shape.slice(1));
    names(output, y.shape).forEach((name, row) => {
      if (y.dim > 1 && row > 0 && row % block === 0) top += GAP;
      text(LEFT - 68, top + 17, name, "y name", "end");
      cells(LEFT - 58, top, [v.data[row]], "v");
      cells(LEFT, top, [...J.data.slice(row * x.numel, (row + 1) * x.numel)], "j", full);
      if (u) cells(right, top, [Ju.data[row]], "plain");
      top += HEIGHT;
    });
    text(LEFT - 10, top + 27, `sum of ${weights} · row`, "note", "end");
    cells(LEFT, top + 10, [...result.data], "r");
    if (u) cells(right, top + 10, [shared], "plain");
    return { marks, width: right + (u ? WIDTH : 0) + 10, height: top + HEIGHT + 24 };
  };

  // Steps below each other, the first of the backward pass on top.
  const draw = (steps, css) => {
    const drawn = steps.map(drawStep);
    const width = Math.max(...drawn.map((step) => step.width));
    let height = 0;
    const parts = drawn.map((step) => {
      const part = `<g transform="translate(0 ${height})">${step.marks.join("")}</g>`;
      height += step.height;
      return part;
    });
    const label = steps.map(alt).join(" ");
    return `<svg xmlns="http://www.w3.org/2000/svg" class="vjp-figure" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(label)}"><style>${css}</style>${parts.join("")}</svg>`;
  };

  VJP.draw = draw;
})();
