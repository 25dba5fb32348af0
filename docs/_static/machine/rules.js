// The few kinds of rules that all operations are made of.
// A rule gives the values of an operation and the entries of its Jacobian.
(() => {
  const { Tensor, TorchError, Unknown, allocate, contiguous, indexError, linksTo, numelOf,
    positions, runtimeError, broadcastShapes, spread } = VJP;

  // Python's numbers: 2 is an int, 2.0 a float.
  class Num {
    constructor(value, kind) {
      this.value = value;
      this.kind = kind;
    }
  }
  class Tuple extends Array {}
  class Slice {
    constructor(start, stop, step) {
      Object.assign(this, { start, stop, step });
    }
  }
  const ELLIPSIS = Symbol("...");

  const RANK = { bool: 0, int: 1, float: 2 };
  const promote = (...tensors) =>
    tensors.map(({ dtype }) => dtype).reduce((a, b) => (RANK[a] > RANK[b] ? a : b));
  const asTensor = (value) => {
    if (value instanceof Tensor) return value;
    if (typeof value === "boolean") return new Tensor([], Float64Array.of(value ? 1 : 0), "bool");
    return new Tensor([], Float64Array.of(value.value), value.kind);
  };

  const wrap = (dim, count) => {
    const range = Math.max(count, 1);
    if (dim < -range || dim >= range) {
      throw indexError(
        `Dimension out of range (expected to be in range of [${-range}, ${range - 1}], but got ${dim})`);
    }
    return dim < 0 ? dim + range : dim;
  };
  const noDimensions = (dim) => indexError(`Dimension specified as ${dim} but tensor has no dimensions`);
  const wrapAll = (dims, count) => {
    const seen = new Set();
    return dims.map((dim) => {
      const wrapped = wrap(dim, count);
      if (seen.has(wrapped)) throw runtimeError(`dim ${wrapped} appears multiple times in the list of dims`);
      seen.add(wrapped);
      return wrapped;
    });
  };

  // f for each element; derivative(x, y) is its derivative.
  const unary = (x, f, derivative) => {
    const data = allocate(x.shape);
    const links = linksTo(x);
    for (let k = 0; k < data.length; k++) {
      data[k] = f(x.data[k]);
      links?.add(k, k, derivative(x.data[k], data[k]));
    }
    return new Tensor([...x.shape], data, "float", [links]);
  };

  // f for each pair of elements that meet.
  const binary = (a, b, f, byA, byB, dtype = promote(a, b)) => {
    const shape = broadcastShapes(a.shape, b.shape);
    const data = allocate(shape);
    const [fromA, fromB] = [spread(a.shape, shape), spread(b.shape, shape)];
    const [linksA, linksB] = [byA ? linksTo(a) : null, byB ? linksTo(b) : null];
    for (let k = 0; k < data.length; k++) {
      const [p, q] = [a.data[fromA[k]], b.data[fromB[k]]];
      data[k] = f(p, q);
      linksA?.add(k, fromA[k], byA(p, q, data[k]));
      linksB?.add(k, fromB[k], byB(p, q, data[k]));
    }
    return new Tensor(shape, data, dtype, [linksA, linksB]);
  };
  const compare = (a, b, f) => binary(a, b, (p, q) => (f(p, q) ? 1 : 0), null, null, "bool");

  // Each element of the output is one of the input, or 0 where the map holds -1.
  const pick = (x, shape, map, strides = undefined) => {
    const data = allocate(shape);
    const links = linksTo(x);
    for (let k = 0; k < data.length; k++) {
      if (map[k] < 0) continue;
      data[k] = x.data[map[k]];
      links?.add(k, map[k], 1);
    }
    return new Tensor(shape, data, x.dtype, [links], strides);
  };
  // A view: its axes walk through x by other steps.
  const view = (x, shape, axes, offset = 0) => {
    const own = contiguous(x.shape);
    const steps = axes.map(([axis, factor]) => (axis === null ? 0 : own[axis] * factor));
    const strides = x.strides && axes.map(([axis, factor], out) =>
      (axis === null ? (shape[out] === 1 ? 1 : 0) : x.strides[axis] * factor));
    return pick(x, shape, positions(shape, steps, offset), strides);
  };
  const permuted = (x, order) =>
    view(x, order.map((axis) => x.shape[axis]), order.map((axis) => [axis, 1]));

  // fold(values) gives one value and its derivative by each of the values.
  const reduce = (x, dims, keepdim, fold, dtype = x.dtype) => {
    const reduced = dims === null ? x.shape.map((_, axis) => axis) : dims;
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !reduced.includes(axis));
    const ordered = positions(
      [...kept, ...reduced].map((axis) => x.shape[axis]),
      [...kept, ...reduced].map((axis) => contiguous(x.shape)[axis]));
    const shape = keepdim
      ? x.shape.map((size, axis) => (reduced.includes(axis) ? 1 : size))
      : kept.map((axis) => x.shape[axis]);
    const data = allocate(shape);
    const links = linksTo(x);
    const count = numelOf(reduced.map((axis) => x.shape[axis]));
    for (let out = 0; out < data.length; out++) {
      const members = ordered.subarray(out * count, (out + 1) * count);
      const [value, weights] = fold(Array.from(members, (member) => x.data[member]));
      data[out] = value;
      if (links) weights.forEach((weight, k) => links.add(out, members[k], weight));
    }
    return new Tensor(shape, data, dtype, [links]);
  };

  // sweep(values) gives as many values, and their derivative(o, i) along one axis.
  const along = (x, dim, sweep, dtype = x.dtype) => {
    const data = allocate(x.shape);
    const links = linksTo(x);
    const size = x.dim ? x.shape[dim] : 1;
    const step = x.dim ? contiguous(x.shape)[dim] : 1;
    for (let start = 0; start < data.length; start++) {
      if (Math.floor(start / step) % size !== 0) continue;
      const values = Array.from({ length: size }, (_, k) => x.data[start + k * step]);
      const [results, derivative] = sweep(values);
      for (let out = 0; out < size; out++) {
        data[start + out * step] = results[out];
        for (let input = 0; links && input < size; input++) {
          const weight = derivative(out, input);
          if (weight !== 0) links.add(start + out * step, start + input * step, weight);
        }
      }
    }
    return new Tensor([...x.shape], data, dtype, [links]);
  };

  // out[labels of the result] = sum over the other labels of the product of the operands.
  const product = (operands, labels, resultLabels, sizes) => {
    const summed = Object.keys(sizes).filter((label) => !resultLabels.includes(label));
    const order = [...resultLabels, ...summed];
    const full = order.map((label) => sizes[label]);
    const shape = resultLabels.map((label) => sizes[label]);
    if (numelOf(full) > 2e6) throw new Unknown("The machine stops at products of 2,000,000 terms.");
    const maps = operands.map((operand, k) => {
      const own = contiguous(operand.shape);
      return positions(full, order.map((label) => labels[k].reduce(
        (step, mine, axis) => step + (mine === label && operand.shape[axis] !== 1 ? own[axis] : 0), 0)));
    });
    const data = allocate(shape);
    const links = operands.map(linksTo);
    const isDot = resultLabels.length === 0 && operands.length === 2;
    links.forEach((link) => { if (link) link.isProduct = !isDot; });
    const terms = numelOf(summed.map((label) => sizes[label]));
    for (let k = 0; k < numelOf(full); k++) {
      const out = Math.floor(k / terms);
      const factors = operands.map((operand, which) => operand.data[maps[which][k]]);
      data[out] += factors.reduce((a, b) => a * b, 1);
      links.forEach((link, which) => link?.add(out, maps[which][k],
        factors.reduce((a, b, other) => (other === which ? a : a * b), 1)));
    }
    return new Tensor(shape, data, promote(...operands), links);
  };

  const join = (tensors, dim) => {
    const shape = [...tensors[0].shape];
    shape[dim] = tensors.reduce((sum, tensor) => sum + tensor.shape[dim], 0);
    const data = allocate(shape);
    const links = tensors.map(linksTo);
    const steps = contiguous(shape);
    let offset = 0;
    tensors.forEach((tensor, which) => {
      const map = positions(tensor.shape, steps, offset);
      map.forEach((out, k) => {
        data[out] = tensor.data[k];
        links[which]?.add(out, k, 1);
      });
      offset += tensor.shape[dim] * steps[dim];
    });
    return new Tensor(shape, data, promote(...tensors), links);
  };

  Object.assign(VJP, { ELLIPSIS, Num, Slice, Tuple, along, asTensor, binary, compare, join, noDimensions,
    permuted, pick, product, promote, reduce, unary, view, wrap, wrapAll,
    TorchError });
})();
