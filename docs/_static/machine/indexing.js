// x[...]: integers, slices, None, ..., masks and lists or tensors of integers.
(() => {
  const { ELLIPSIS, Num, Slice, Tensor, TorchError, Tuple, Unknown, broadcastShapes, contiguous,
    indexError, listed, numelOf, pick, positions, spread } = VJP;

  const MANY = "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices";

  const wholeIndex = (value) => {
    if (value instanceof Tensor && value.dim === 0 && value.dtype === "int") return value.data[0];
    return value instanceof Num && value.kind === "int" ? value.value : null;
  };

  const asIndexTensor = (value) => {
    if (typeof value === "boolean") return VJP.constant([], [Number(value)], "bool");
    if (!Array.isArray(value) || value instanceof Tuple) return value;
    const tensor = VJP.tensorFromList(value);
    return tensor.numel === 0 ? new Tensor(tensor.shape, tensor.data, "int") : tensor;
  };
  // torch takes a list that holds more than numbers for a tuple of indices.
  const isMixed = (part) => part === null || part === ELLIPSIS || part instanceof Slice || part instanceof Tensor || Array.isArray(part);
  const MOST_MIXED = 32;
  const isTuple = (index) => index instanceof Tuple || (Array.isArray(index) && index.length < MOST_MIXED && [...index].some(isMixed));

  const checkKind = (part) => {
    if (part instanceof Num && part.kind !== "int") throw indexError(`${MANY} (got ${part.kind})`);
    if (typeof part === "string") throw indexError(`${MANY} (got str)`);
    if (part instanceof Tensor && part.dtype === "float") {
      throw indexError("tensors used as indices must be long, int, byte or bool tensors");
    }
  };

  const bounds = (slice, size) => {
    const read = (value, otherwise) => {
      if (value === null) return otherwise;
      const whole = wholeIndex(value);
      if (whole === null) throw new TorchError("TypeError", "slice indices must be integers or None or have an __index__ method");
      return whole;
    };
    const step = read(slice.step, 1);
    if (step === 0) throw new TorchError("ValueError", "slice step cannot be zero");
    if (step < 0) throw new TorchError("ValueError", "step must be greater than zero");
    const clamp = (edge) => Math.min(Math.max(edge < 0 ? edge + size : edge, 0), size);
    const start = clamp(read(slice.start, 0));
    const stop = Math.max(clamp(read(slice.stop, size)), start);
    return { start, step, length: Math.ceil((stop - start) / step) };
  };

  // How many axes of x a part takes up.
  const takes = (part) => {
    if (part === null || part === ELLIPSIS) return 0;
    return part instanceof Tensor && part.dtype === "bool" ? part.dim : 1;
  };

  const nonzero = (mask) => {
    const found = [];
    mask.data.forEach((value, k) => { if (value) found.push(k); });
    const steps = contiguous(mask.shape);
    return mask.shape.map((size, axis) =>
      VJP.constant([found.length], found.map((k) => Math.floor(k / steps[axis]) % size), "int"));
  };

  const splitMasks = (parts, x, dims) => parts.flatMap((part, number) => {
    if (!(part instanceof Tensor) || part.dtype !== "bool") return [{ part, dim: dims[number] }];
    part.shape.forEach((size, axis) => {
      if (size !== x.shape[dims[number] + axis]) {
        throw indexError(
          `The shape of the mask ${listed(part.shape)} at index ${axis} does not match ` +
          `the shape of the indexed tensor ${listed(x.shape)} at index ${dims[number] + axis}`);
      }
    });
    return nonzero(part).map((index, axis) => ({ part: index, dim: dims[number] + axis }));
  });

  // The basic parts give a view; what is left are the axes that tensors index.
  const applyBasic = (x, parts) => {
    const own = contiguous(x.shape);
    const out = { shape: [], steps: [], strides: x.strides && [], offset: 0, advanced: [] };
    const axis = (size, step, stride) => {
      out.shape.push(size);
      out.steps.push(step);
      out.strides?.push(stride);
    };
    const keep = (dim) => axis(x.shape[dim], own[dim], x.strides?.[dim]);
    let dim = 0;
    let rest = x.dim - parts.reduce((sum, part) => sum + takes(part), 0);
    for (const [position, part] of parts.entries()) {
      const whole = wholeIndex(part);
      if (part === null) axis(1, 0, 0);
      else if (part === ELLIPSIS) for (; rest > 0; rest--) keep(dim++);
      else if (part instanceof Slice) {
        const { start, step, length } = bounds(part, x.shape[dim]);
        out.offset += start * own[dim];
        axis(length, own[dim] * step, x.strides && x.strides[dim] * step);
        dim++;
      } else if (whole !== null) {
        const size = x.shape[dim];
        if (whole < -size || whole >= size) {
          throw indexError(`index ${whole} is out of bounds for dimension ${position} with size ${size}`);
        }
        out.offset += (whole < 0 ? whole + size : whole) * own[dim++];
      } else if (takes(part) === 0) { // a 0-d mask: a new axis, of size 1 or 0
        const all = VJP.constant([part.data[0]], [0].slice(0, part.data[0]), "int");
        out.advanced.push({ part: all, at: out.shape.length });
        axis(1, 0, 0);
      } else {
        out.advanced.push({ part, at: out.shape.length });
        for (let k = takes(part); k > 0; k--) keep(dim++);
      }
    }
    while (dim < x.dim) keep(dim++);
    return out;
  };

  const applyAdvanced = (x, advanced) => {
    const indices = splitMasks(advanced.map(({ part }) => part), x, advanced.map(({ at }) => at));
    let shape = [];
    try {
      for (const { part } of indices) shape = broadcastShapes(shape, part.shape);
    } catch {
      const shapes = indices.map(({ part }) => listed(part.shape)).join(", ");
      throw indexError(`shape mismatch: indexing tensors could not be broadcast together with shapes ${shapes}`);
    }
    const own = contiguous(x.shape);
    const offsets = new Int32Array(numelOf(shape));
    if (numelOf(shape) > 0 && indices.some(({ dim }) => x.shape[dim] === 0)) throw indexError("index is out of bounds for dimension with size 0");
    const isEmpty = x.numel === 0;
    indices.forEach(({ part, dim }, number) => {
      const size = x.shape[dim];
      spread(part.shape, shape).forEach((from, k) => {
        const index = part.data[from];
        if (!isEmpty && (index < -size || index >= size)) {
          throw indexError(`index ${index} is out of bounds for dimension ${number} with size ${size}`);
        }
        offsets[k] += (index < 0 ? index + size : index) * own[dim];
      });
    });
    const dims = indices.map(({ dim }) => dim);
    const together = dims.every((dim, k) => k === 0 || dim === dims[k - 1] + 1);
    const others = x.shape.map((_, dim) => dim).filter((dim) => !dims.includes(dim));
    const before = together ? others.filter((dim) => dim < dims[0]) : [];
    const after = others.filter((dim) => !before.includes(dim));
    const walk = (axes) => positions(axes.map((dim) => x.shape[dim]), axes.map((dim) => own[dim]));
    const map = [];
    for (const first of walk(before)) {
      for (const middle of offsets) for (const last of walk(after)) map.push(first + middle + last);
    }
    const sizes = (axes) => axes.map((dim) => x.shape[dim]);
    return pick(x, [...sizes(before), ...shape, ...sizes(after)], map, undefined, true);
  };

  const subscript = (x, index) => {
    const parts = (isTuple(index) ? [...index] : [index]).map(asIndexTensor);
    if (x.dim === 0 && !(isTuple(index) || index instanceof Tensor)) {
      if (wholeIndex(index)) throw indexError(`index ${wholeIndex(index)} is out of bounds for dimension 0 with size 0`);
      if (wholeIndex(index) !== null) {
        throw indexError("invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number");
      }
      if (index instanceof Slice && bounds(index, 0)) throw indexError("slice() cannot be applied to a 0-dim tensor.");
    }
    if (parts.reduce((sum, part) => sum + takes(part), 0) > x.dim) {
      throw indexError(`too many indices for tensor of dimension ${x.dim}`);
    }
    parts.forEach(checkKind);
    if (parts.filter((part) => part === ELLIPSIS).length > 1) throw new Unknown("The machine reads one ... in an index.");
    const { shape, steps, strides, offset, advanced } = applyBasic(x, parts);
    const basic = pick(x, shape, positions(shape, steps, offset), strides ?? null);
    return advanced.length ? applyAdvanced(basic, advanced) : basic;
  };

  VJP.subscript = subscript;
})();
