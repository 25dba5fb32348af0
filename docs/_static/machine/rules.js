// The few kinds of rules that all operations are made of.
// A rule gives the values of an operation and the entries of its Jacobian.
(() => {
  const { Tensor, TorchError, Unknown, allocate, contiguous, indexError, linksFrom, linksTo, numelOf,
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
    return Object.assign(new Tensor([], Float64Array.of(value.value), value.kind), { isNumber: true });
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
  const wrapAll = (dims, count, inRangeFirst = false) => {
    const seen = new Set();
    if (inRangeFirst) dims.forEach((dim) => wrap(dim, count));
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

  // f for each group of elements that meet; a null derivative has no path.
  const meeting = (parts, f, derivatives, dtype = promote(...parts)) => {
    const shape = parts.reduce((so, part) => broadcastShapes(so, part.shape), []);
    const maps = parts.map((part) => spread(part.shape, shape));
    const links = parts.map((part, which) => (derivatives[which] ? linksFrom(part, shape) : null));
    const data = allocate(shape);
    for (let k = 0; k < data.length; k++) {
      const values = parts.map((part, which) => part.data[maps[which][k]]);
      data[k] = f(...values);
      links.forEach((link, which) => link?.add(k, maps[which][k], derivatives[which](...values)));
    }
    return new Tensor(shape, data, dtype, links);
  };

  // f for each pair of elements that meet.
  const binary = (a, b, f, byA, byB, dtype = promote(a, b)) => {
    const shape = broadcastShapes(a.shape, b.shape);
    const data = allocate(shape);
    const [fromA, fromB] = [spread(a.shape, shape), spread(b.shape, shape)];
    const [linksA, linksB] = [byA ? linksFrom(a, shape) : null, byB ? linksFrom(b, shape) : null];
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
  const pick = (x, shape, map, strides = undefined, startsAtZero = false) => {
    const data = allocate(shape);
    const links = linksTo(x);
    if (links) links.startsAtZero = startsAtZero;
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

  // sweep(values) gives as many values, their derivative(o, i) along one axis, and
  // perhaps pull(v), the product with it in the order in which torch computes it.
  const along = (x, dim, sweep, dtype = x.dtype) => {
    const data = allocate(x.shape);
    const links = linksTo(x);
    const pulls = [];
    const size = x.dim ? x.shape[dim] : 1;
    const step = x.dim ? contiguous(x.shape)[dim] : 1;
    for (let start = 0; start < data.length; start++) {
      if (Math.floor(start / step) % size !== 0) continue;
      const places = Array.from({ length: size }, (_, k) => start + k * step);
      const [results, derivative, pull] = sweep(places.map((at) => x.data[at]));
      pulls.push({ places, pull });
      for (let out = 0; out < size; out++) {
        data[start + out * step] = results[out];
        for (let input = 0; links && input < size; input++) {
          const weight = derivative(out, input);
          if (weight !== 0) links.add(start + out * step, start + input * step, weight);
        }
      }
    }
    if (links && pulls.length && pulls.every(({ pull }) => pull)) {
      links.pull = (v) => {
        const sums = new Float64Array(v.length);
        for (const { places, pull } of pulls) pull(places.map((at) => v[at])).forEach((value, k) => { sums[places[k]] = value; });
        return sums;
      };
    }
    return new Tensor([...x.shape], data, dtype, [links]);
  };

  // out[labels of the result] = sum over the other labels of the product of the operands.
  // A sum of one term keeps the sign of a zero where torch takes no sum at all.
  const product = (operands, labels, resultLabels, sizes, keepsSigns = false) => {
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
    const terms = numelOf(summed.map((label) => sizes[label]));
    links.forEach((link, which) => { if (link) link.startsAtZero = !isDot && !(keepsSigns && numelOf(full) === operands[which].numel); });
    for (let k = 0; k < numelOf(full); k++) {
      const out = Math.floor(k / terms);
      const factors = operands.map((operand, which) => operand.data[maps[which][k]]);
      const term = factors.reduce((a, b) => a * b, 1);
      data[out] = keepsSigns && terms === 1 ? term : data[out] + term;
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

  const isContiguous = (tensor) => {
    if (tensor.strides === null) return false;
    const plain = contiguous(tensor.shape);
    return tensor.shape.every((size, axis) => size === 1 || tensor.strides[axis] === plain[axis]);
  };

  Object.assign(VJP, { ELLIPSIS, Num, Slice, Tuple, along, asTensor, binary, compare, isContiguous, join, meeting, noDimensions,
    permuted, pick, product, promote, reduce, unary, view, wrap, wrapAll,
    TorchError });
})();
