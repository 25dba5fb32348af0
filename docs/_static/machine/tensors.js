// Tensors in double precision, and their exact derivatives.
// Each operation keeps its own Jacobian as entries (output, input, derivative):
// the reverse sweep adds derivative·v[output] to the input, the forward sweep adds
// derivative·u[input] to the output.
globalThis.VJP ??= {};
(() => {
  const MOST_ELEMENTS = 65536;

  // An error as Python shows it: its class, and torch's own text.
  class TorchError extends Error {
    constructor(kind, text) {
      super(text);
      this.kind = kind;
    }
  }
  // What torch could do and the machine can't.
  class Unknown extends Error {}
  const runtimeError = (text) => new TorchError("RuntimeError", text);
  const indexError = (text) => new TorchError("IndexError", text);

  const numelOf = (shape) => shape.reduce((product, size) => product * size, 1);
  const listed = (sizes) => `[${sizes.join(", ")}]`;
  const sizeText = (shape) => `torch.Size(${listed(shape)})`;

  const contiguous = (shape) => {
    const strides = [];
    let step = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = step;
      step *= Math.max(shape[axis], 1);
    }
    return strides;
  };

  // The local Jacobian with respect to one parent.
  class Links {
    constructor(parent) {
      this.parent = parent;
      this.startsAtZero = false; // torch's sums of products and of what was broadcast; others start at their first term
      this.outs = [];
      this.ins = [];
      this.weights = [];
      this.pull = null; // the same product in another order of sums, if torch has one
    }
    // A weight of null says that there is no path, which isn't a factor of 0.
    add(out, input, weight) {
      if (weight === null) return;
      this.outs.push(out);
      this.ins.push(input);
      this.weights.push(weight);
    }
  }

  let made = 0;
  class Tensor {
    // strides: how the elements would lie in torch's memory; null if that isn't known.
    constructor(shape, data, dtype = "float", links = [], strides = undefined) {
      this.shape = shape;
      this.data = data;
      this.dtype = dtype;
      this.links = links.filter((link) => link);
      this.strides = strides === undefined ? contiguous(shape) : strides;
      this.requiresGrad = this.links.length > 0;
      this.number = made++;
    }
    get numel() { return this.data.length; }
    get dim() { return this.shape.length; }
  }

  const allocate = (shape) => {
    const numel = numelOf(shape);
    if (numel > MOST_ELEMENTS) {
      throw new Unknown(`The machine stops at ${MOST_ELEMENTS} elements; this has ${numel}.`);
    }
    return new Float64Array(numel);
  };

  const leaf = (shape, data) => {
    const tensor = new Tensor(shape, Float64Array.from(data));
    tensor.requiresGrad = true;
    return tensor;
  };
  const constant = (shape, data, dtype = "float") =>
    new Tensor(shape, Float64Array.from(data), dtype);
  const linksTo = (parent) => (parent.requiresGrad ? new Links(parent) : null);
  // Of an operand that is broadcast to a shape.
  const linksFrom = (parent, shape) => {
    const links = linksTo(parent);
    if (links) links.startsAtZero = shape.join() !== parent.shape.join();
    return links;
  };

  // The shape of operands that meet, and torch's text if they don't fit.
  const broadcastShapes = (a, b) => {
    const dim = Math.max(a.length, b.length);
    const shape = [];
    for (let axis = dim - 1; axis >= 0; axis--) {
      const left = a[axis - dim + a.length] ?? 1;
      const right = b[axis - dim + b.length] ?? 1;
      if (left !== right && left !== 1 && right !== 1) {
        throw runtimeError(
          `The size of tensor a (${left}) must match the size of tensor b (${right}) ` +
          `at non-singleton dimension ${axis}`);
      }
      shape[axis] = left === 1 ? right : left;
    }
    return shape;
  };

  // For each element of a shape, where it lies when the axes have these strides.
  const positions = (shape, strides, offset = 0) => {
    const numel = numelOf(shape);
    const found = new Int32Array(numel);
    const index = shape.map(() => 0);
    let at = offset;
    for (let out = 0; out < numel; out++) {
      found[out] = at;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += strides[axis];
        if (++index[axis] < shape[axis]) break;
        at -= strides[axis] * shape[axis];
        index[axis] = 0;
      }
    }
    return found;
  };

  // For each element of the broadcast shape, the element of the operand.
  const spread = (from, to) => {
    const own = contiguous(from);
    const extra = to.length - from.length;
    const strides = to.map((_, axis) =>
      (axis < extra || from[axis - extra] === 1 ? 0 : own[axis - extra]));
    return positions(to, strides);
  };

  const ancestors = (last) => {
    const found = new Set();
    const waiting = [last];
    while (waiting.length) {
      const tensor = waiting.pop();
      if (found.has(tensor)) continue;
      found.add(tensor);
      waiting.push(...tensor.links.map((link) => link.parent));
    }
    return [...found].sort((a, b) => a.number - b.number);
  };

  // A sum that starts at -0 keeps the sign of zeros, as torch's does.
  const pullThrough = ({ parent, outs, ins, weights, startsAtZero, pull: own }, v) => {
    if (own) return own(v);
    const sums = new Float64Array(parent.numel).fill(startsAtZero ? 0 : -0);
    const touched = new Uint8Array(startsAtZero ? 0 : parent.numel);
    for (let k = 0; k < outs.length; k++) {
      sums[ins[k]] += weights[k] * v[outs[k]];
      touched[ins[k]] = 1;
    }
    if (!startsAtZero) touched.forEach((yes, k) => { if (!yes) sums[k] = 0; });
    return sums;
  };

  // Reverse mode: v has y's shape, the result has x's. null if y doesn't come from x.
  const pull = (y, x, v, tensors = ancestors(y)) => {
    if (!tensors.includes(x)) return null;
    const sums = new Map([[y, Float64Array.from(v)]]);
    for (const tensor of [...tensors].reverse()) {
      const sum = sums.get(tensor);
      if (!sum || tensor === x) continue;
      for (const link of tensor.links) {
        const part = pullThrough(link, sum);
        const before = sums.get(link.parent);
        if (before) part.forEach((value, k) => { before[k] += value; });
        else sums.set(link.parent, part);
      }
    }
    return sums.get(x) ?? new Float64Array(x.numel);
  };

  // Forward mode: u has x's shape, the result has y's.
  const push = (x, y, u, tensors = ancestors(y)) => {
    const tangents = new Map([[x, Float64Array.from(u)]]);
    for (const tensor of tensors) {
      if (tangents.has(tensor)) continue;
      const tangent = new Float64Array(tensor.numel);
      for (const { parent, outs, ins, weights } of tensor.links) {
        const from = tangents.get(parent);
        for (let k = 0; k < outs.length; k++) tangent[outs[k]] += weights[k] * from[ins[k]];
      }
      tangents.set(tensor, tangent);
    }
    return tangents.get(y);
  };

  // All of J, a row for each element of y.
  const jacobian = (y, x) => {
    const dense = allocate([...y.shape, ...x.shape]);
    const tensors = ancestors(y);
    const weights = new Float64Array(y.numel);
    for (let row = 0; row < y.numel; row++) {
      weights[row] = 1;
      dense.set(pull(y, x, weights, tensors), row * x.numel);
      weights[row] = 0;
    }
    return new Tensor([...y.shape, ...x.shape], dense);
  };

  Object.assign(VJP, {
    TorchError, Unknown, Tensor, allocate, ancestors, broadcastShapes, constant,
    contiguous, indexError, jacobian, leaf, linksFrom, linksTo, listed, numelOf, positions, pull,
    push, runtimeError, sizeText, spread,
  });
})();
