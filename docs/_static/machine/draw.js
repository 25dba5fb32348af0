// Draws J as rows with their weights and their sum, as the site's figures do, for a file.
(() => {
  const [WIDTH, HEIGHT, GAP, LEFT] = [46, 24, 7, 144];
  const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

  const drawRows = ({ x, y, J, v, result, css }) => {
    const marks = [];
    const text = (left, top, words, kind, anchor = "middle") =>
      marks.push(`<text class="${kind}" x="${left}" y="${top}" text-anchor="${anchor}">${escape(words)}</text>`);
    const cells = (left, top, values, kind, full) => values.forEach((value, k) => {
      const strength = full ? Math.abs(value) / full : 1;
      marks.push(`<rect class="${kind} edge" x="${left + k * WIDTH}" y="${top}" width="${WIDTH}" height="${HEIGHT}" rx="3" fill-opacity="${strength.toFixed(2)}"/>`);
      text(left + (k + 0.5) * WIDTH, top + 17, VJP.short(value), "cell");
    });
    const name = (symbol, shape, k) => {
      const steps = VJP.contiguous(shape);
      const index = shape.map((size, axis) => Math.floor(k / steps[axis]) % size);
      return index.length ? `${symbol}[${index}]` : symbol;
    };
    x.data.forEach((_, k) => text(LEFT + (k + 0.5) * WIDTH, 26, name("∂x", x.shape, k), "x name"));
    const full = J.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    text(LEFT - 36, 26, "v", "v name");
    let top = 36;
    const block = VJP.numelOf(y.shape.slice(1));
    v.data.forEach((weight, row) => {
      if (y.dim > 1 && row > 0 && row % block === 0) top += GAP;
      text(LEFT - 68, top + 17, name("∂y", y.shape, row), "y name", "end");
      cells(LEFT - 58, top, [weight], "v");
      cells(LEFT, top, [...J.data.slice(row * x.numel, (row + 1) * x.numel)], "j", full);
      top += HEIGHT;
    });
    text(LEFT - 10, top + 27, "sum of v · row", "note", "end");
    cells(LEFT, top + 10, [...result.data], "r");
    const [width, height] = [LEFT + x.numel * WIDTH + 10, top + HEIGHT + 24];
    const alt = `Jacobian of y (${y.shape}) by x (${x.shape}), weighted by v: the rows sum to ${VJP.nested(result, VJP.short)}.`;
    return `<svg xmlns="http://www.w3.org/2000/svg" class="vjp-figure" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(alt)}"><style>${css}</style>${marks.join("")}</svg>`;
  };

  VJP.drawRows = drawRows;
})();
