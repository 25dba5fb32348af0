// Prints tensors as torch prints them: four digits, aligned, 80 characters a line.
(() => {
  const PRECISION = 4;
  const THRESHOLD = 1000;
  const EDGE = 3;
  const LINE = 80;
  const ENOUGH = 60; // digits that tell a half from what is near it
  const ROUNDING = 1e-13; // what is less, a person may take for 0

  const isWhole = (longer, exact) => longer.startsWith(exact) && /^0*$/.test(longer.slice(exact.length));
  // Python rounds a half to the even digit, JavaScript away from zero.
  const halfToEven = (value, digits, write) => {
    const rounded = write(value, digits);
    const [exact, exponent] = write(value, digits + 1).split("e");
    const isTie = exact.endsWith("5") && isWhole(write(value, ENOUGH).split("e")[0], exact);
    if (!isTie || "02468".includes(exact.at(-2) === "." ? exact.at(-3) : exact.at(-2)) === false) {
      return rounded;
    }
    const even = exact.slice(0, -1).replace(/\.$/, "");
    return exponent === undefined ? even : `${even}e${exponent}`;
  };
  const special = (value) => {
    if (Number.isNaN(value)) return "nan";
    if (value === Infinity) return "inf";
    return value === -Infinity ? "-inf" : null;
  };
  const signed = (value, text) =>
    (Object.is(value, -0) || (value < 0 && !text.startsWith("-")) ? `-${text}` : text);
  const fixed = (value, digits) =>
    special(value) ??
    signed(value, halfToEven(value, digits, (number, places) => number.toFixed(places)));
  const scientific = (value, digits) => {
    if (special(value)) return special(value);
    const text = halfToEven(value, digits, (number, places) => number.toExponential(places));
    const [mantissa, exponent] = text.split("e");
    const sign = exponent.startsWith("-") ? "-" : "+";
    return `${signed(value, mantissa)}e${sign}${exponent.replace(/^[+-]/, "").padStart(2, "0")}`;
  };

  // How all elements of a tensor are written, which depends on all of them.
  const formatter = (values, dtype) => {
    if (dtype !== "float") {
      const write = dtype === "bool" ? (value) => (value ? "True" : "False") : String;
      const width = Math.max(1, ...values.map((value) => write(value).length));
      return { width, write: (value) => write(value).padStart(width) };
    }
    const finite = values.filter((value) => Number.isFinite(value) && value !== 0);
    const sizes = finite.map(Math.abs);
    const most = sizes.reduce((a, b) => Math.max(a, b), 0);
    const least = sizes.reduce((a, b) => Math.min(a, b), Infinity);
    const whole = finite.every((value) => Number.isInteger(value));
    const powers = finite.length > 0 && (most / least > 1000 || most > 1e8 || least < 1e-4);
    const write = (value) => {
      if (powers) return scientific(value, PRECISION);
      if (!whole) return fixed(value, PRECISION);
      return fixed(value, 0) + (Number.isFinite(value) ? "." : "");
    };
    const width = finite.reduce((most, value) => Math.max(most, write(value).length), 1);
    return { width, write: (value) => write(value).padStart(width) };
  };

  // Of a long tensor torch shows three entries at each end of each axis.
  const ends = (size, summarize) => {
    const all = Array.from({ length: size }, (_, index) => index);
    return summarize && size > 2 * EDGE ? [...all.slice(0, EDGE), null, ...all.slice(-EDGE)] : all;
  };

  const vectorText = (tensor, at, indent, summarize, format) => {
    const size = tensor.shape.at(-1);
    const perLine = Math.max(1, Math.floor((LINE - indent) / (format.width + 2)));
    const words = ends(size, summarize).map((index) =>
      (index === null ? " ..." : format.write(tensor.data[at + index])));
    const lines = [];
    for (let start = 0; start < words.length; start += perLine) {
      lines.push(words.slice(start, start + perLine).join(", "));
    }
    return `[${lines.join(`,\n${" ".repeat(indent + 1)}`)}]`;
  };

  const nestedText = (tensor, axis, at, indent, summarize, format) => {
    const { shape } = tensor;
    if (shape.length === 0) return format.write(tensor.data[0]);
    if (axis === shape.length - 1) return vectorText(tensor, at, indent, summarize, format);
    const step = VJP.numelOf(shape.slice(axis + 1));
    const slices = ends(shape[axis], summarize).map((index) =>
      (index === null
        ? "..."
        : nestedText(tensor, axis + 1, at + index * step, indent + 1, summarize, format)));
    const newlines = "\n".repeat(shape.length - axis - 1);
    return `[${slices.join(`,${newlines}${" ".repeat(indent + 1)}`)}]`;
  };

  const shownValues = (tensor, summarize) => {
    const { shape, data } = tensor;
    if (!summarize) return [...data];
    const values = [];
    const visit = (axis, at) => {
      if (axis === shape.length) return values.push(data[at]);
      const step = VJP.numelOf(shape.slice(axis + 1));
      for (const index of ends(shape[axis], true)) {
        if (index !== null) visit(axis + 1, at + index * step);
      }
    };
    visit(0, 0);
    return values;
  };

  const format = (tensor) => {
    const suffix = [];
    if (tensor.numel === 0) {
      if (tensor.dim !== 1) suffix.push(`size=(${tensor.shape.join(", ")})`);
      if (tensor.dtype !== "float") suffix.push(`dtype=torch.${tensor.dtype === "int" ? "int64" : "bool"}`);
      return `tensor(${["[]", ...suffix].join(", ")})`;
    }
    const summarize = tensor.numel > THRESHOLD;
    const how = formatter(shownValues(tensor, summarize), tensor.dtype);
    return `tensor(${nestedText(tensor, 0, 0, "tensor(".length, summarize, how)})`;
  };

  // A number as a person writes it: at most four significant digits.
  const short = (value) => {
    if (special(value)) return special(value).replace("inf", "∞");
    if (Math.abs(value) < ROUNDING) return "0";
    const text = String(Number(value.toPrecision(4)));
    return text.replace("-", "−").replace(/e\+?/, "e");
  };
  // A number as Python reads it back.
  const literal = (value) => {
    if (Number.isNaN(value)) return "float('nan')";
    if (!Number.isFinite(value)) return value > 0 ? "float('inf')" : "-float('inf')";
    const text = Object.is(value, -0) ? "-0" : String(value);
    return /^-?\d+$/.test(text) ? `${text}.` : text;
  };
  const nested = (tensor, write = literal) => {
    const build = (axis, at) => {
      if (axis === tensor.dim) return write(tensor.data[at]);
      const step = VJP.numelOf(tensor.shape.slice(axis + 1));
      const parts = Array.from({ length: tensor.shape[axis] }, (_, index) => build(axis + 1, at + index * step));
      return `[${parts.join(", ")}]`;
    };
    return build(0, 0);
  };

  Object.assign(VJP, { format, literal, nested, short });
})();
