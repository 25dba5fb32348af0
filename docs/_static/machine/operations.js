// The documented part of torch: each operation with its signature and its rule.
(() => {
  const { Num, Tensor, TorchError, Tuple, Unknown, along, allocate, asTensor, binary,
    broadcastShapes, compare, constant, contiguous, indexError, join, linksFrom, linksTo, listed, meeting, noDimensions,
    numelOf, permuted, pick, positions, product, promote, reduce, runtimeError, spread,
    unary, view, wrap, wrapAll } = VJP;

  // Each operation by its full name: torch.sum, Tensor.sum, torch.nn.functional.relu.
  const operations = new Map();
  const groups = [];
  const group = (title) => groups.push({ title, entries: [] });
  const define = (names, signature, rule, options = {}) => {
    const entry = { names: names.split(" "), signature, rule, ...options };
    groups.at(-1).entries.push(entry);
    for (const name of entry.names) operations.set(name, entry);
  };
  const both = (name) => `torch.${name} Tensor.${name}`;
  const functional = (name) => `torch.nn.functional.${name}`;
  const asFloat = (x) => (x.dtype === "float" ? x : new Tensor(x.shape, x.data));
  const alias = (...names) => names.map(both).join(" ");

  // Elementwise functions
  group("Elementwise functions");
  const { PI, SQRT2, LN2, LN10, sqrt, exp, log, sign } = Math;
  const elementwise = (names, f, derivative) =>
    define(names, "input: Tensor", (input) => unary(asFloat(input), f, derivative));
  const sameKind = (names, f, derivative) =>
    define(names, "input: Tensor", (input) => {
      const result = unary(input, f, derivative);
      result.dtype = input.dtype === "bool" ? "int" : input.dtype;
      return result;
    });
  // erf by its series, erfc by its continued fraction: both to the last digits.
  const erfSeries = (x) => {
    let [term, sum] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 / sqrt(PI) * sum;
  };
  const erfcTail = (x) => {
    let fraction = 0;
    for (let n = 60; n > 0; n--) fraction = n / 2 / (x + fraction);
    return exp(-x * x) / sqrt(PI) / (x + fraction);
  };
  const erf = (x) => (Math.abs(x) < 2.5 ? erfSeries(x) : sign(x) * (1 - erfcTail(Math.abs(x))));
  const erfc = (x) => {
    if (Math.abs(x) < 2.5 && x < 0.5) return 1 - erfSeries(x);
    return x < 0 ? 2 - erfcTail(-x) : x < 2.5 ? 1 - erfSeries(x) : erfcTail(x);
  };
  const normal = (x) => exp(-x * x / 2) / sqrt(2 * PI);
  const sigmoid = (x) => (x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)));
  const softplus = (x) => Math.max(x, 0) + Math.log1p(exp(-Math.abs(x)));
  const roundToEven = (x) => {
    const down = Math.floor(x);
    if (x - down !== 0.5) return Math.round(x);
    if (down % 2 === 0) return down;
    return down === -1 ? -0 : down + 1;
  };

  sameKind(alias("abs", "absolute"), Math.abs, (x) => sign(x) || 0);
  sameKind(alias("neg", "negative"), (x) => -x, () => -1);
  elementwise(both("exp"), exp, (x, y) => y);
  elementwise(both("exp2"), (x) => 2 ** x, (x, y) => y * LN2);
  elementwise(both("expm1"), Math.expm1, (x, y) => y + 1);
  elementwise(both("log"), log, (x) => 1 / x);
  elementwise(both("log2"), Math.log2, (x) => 1 / (x * LN2));
  elementwise(both("log10"), Math.log10, (x) => 1 / (x * LN10));
  elementwise(both("log1p"), Math.log1p, (x) => 1 / (x + 1));
  elementwise(both("sqrt"), sqrt, (x, y) => 1 / (2 * y));
  elementwise(both("rsqrt"), (x) => 1 / sqrt(x), (x, y) => -0.5 * y ** 3);
  sameKind(both("square"), (x) => x * x, (x) => 2 * x);
  elementwise(both("reciprocal"), (x) => 1 / x, (x, y) => -y * y);
  elementwise(both("sin"), Math.sin, (x) => Math.cos(x));
  elementwise(both("cos"), Math.cos, (x) => -Math.sin(x));
  elementwise(both("tan"), Math.tan, (x, y) => 1 + y * y);
  elementwise(alias("asin", "arcsin"), Math.asin, (x) => 1 / sqrt(1 - x * x));
  elementwise(alias("acos", "arccos"), Math.acos, (x) => -1 / sqrt(1 - x * x));
  elementwise(alias("atan", "arctan"), Math.atan, (x) => 1 / (x * x + 1));
  elementwise(both("sinh"), Math.sinh, (x) => Math.cosh(x));
  elementwise(both("cosh"), Math.cosh, (x) => Math.sinh(x));
  elementwise(`${both("tanh")} ${functional("tanh")}`, Math.tanh, (x, y) => 1 - y * y);
  elementwise(alias("asinh", "arcsinh"), Math.asinh, (x) => 1 / sqrt(x * x + 1));
  elementwise(alias("acosh", "arccosh"), Math.acosh, (x) => 1 / sqrt(x * x - 1));
  elementwise(alias("atanh", "arctanh"), Math.atanh, (x) => 1 / (1 - x * x));
  elementwise(`${both("sigmoid")} ${functional("sigmoid")}`, sigmoid, (x, y) => y * (1 - y));
  elementwise(both("logit"), (x) => log(x / (1 - x)), (x) => (x < 0 || x > 1 ? NaN : 1 / (x * (1 - x))));
  elementwise(alias("erf"), erf, (x) => 2 / sqrt(PI) * exp(-x * x));
  elementwise(alias("erfc"), erfc, (x) => -2 / sqrt(PI) * exp(-x * x));
  sameKind(alias("sign", "sgn"), (x) => sign(x) || 0, () => null);
  sameKind(both("floor"), Math.floor, () => null);
  sameKind(both("ceil"), Math.ceil, () => null);
  sameKind(alias("trunc", "fix"), Math.trunc, () => null);
  sameKind(both("round"), roundToEven, () => null);
  sameKind(both("frac"), (x) => x - Math.trunc(x), () => 1);
  sameKind(`${both("relu")} ${functional("relu")}`, (x) => (x < 0 ? 0 : x), (x) => (x <= 0 ? null : 1));
  elementwise(functional("relu6"), (x) => Math.min(Math.max(x, 0), 6), (x) => (x > 0 && x < 6 ? 1 : null));
  elementwise(functional("silu"), (x) => x * sigmoid(x), (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))));
  elementwise(functional("mish"), (x) => x * Math.tanh(softplus(x)), (x) => {
    const t = Math.tanh(softplus(x));
    return t + x * (1 - t * t) * sigmoid(x);
  });
  elementwise(functional("logsigmoid"), (x) => -softplus(-x), (x) => sigmoid(-x));
  elementwise(functional("softsign"), (x) => x / (1 + Math.abs(x)), (x) => (Math.abs(x) === Infinity ? NaN : 1 / (1 + Math.abs(x)) ** 2));
  elementwise(functional("selu"),
    (x) => 1.0507009873554804934193349852946 * (x > 0 ? x : 1.6732632423543772848170429916717 * Math.expm1(x)),
    (x) => 1.0507009873554804934193349852946 * (x > 0 ? 1 : 1.6732632423543772848170429916717 * exp(x)));
  define(functional("softplus"), "input: Tensor, beta: number = 1, threshold: number = 20",
    (input, beta, threshold) => unary(asFloat(input),
      (x) => (x * beta > threshold ? x : softplus(x * beta) / beta),
      (x) => (x * beta > threshold ? 1 : sigmoid(x * beta))));
  define(functional("elu"), "input: Tensor, alpha: number = 1.0",
    (input, alpha) => unary(asFloat(input), (x) => (x < 0 ? alpha * Math.expm1(x) : x),
      (x) => (x > 0 ? 1 : alpha * exp(x))));
  define(functional("leaky_relu"), "input: Tensor, negative_slope: number = 0.01",
    (input, slope) => unary(asFloat(input), (x) => (x > 0 ? x : slope * x), (x) => (x > 0 ? 1 : slope)));
  define(functional("hardtanh"), "input: Tensor, min_val: number = -1.0, max_val: number = 1.0",
    (input, low, high) => {
      if (low > high) throw new TorchError("ValueError", "min_val cannot be greater than max_val");
      return unary(asFloat(input), (x) => Math.min(Math.max(x, low), high), (x) => (x > low && x < high ? 1 : null));
    });
  define(functional("gelu"), "input: Tensor, *, approximate: str = 'none'", (input, approximate) => {
    if (approximate === "none") {
      return unary(asFloat(input), (x) => x * 0.5 * (1 + erf(x / SQRT2)),
        (x) => 0.5 * (1 + erf(x / SQRT2)) + x * normal(x));
    }
    const inner = (x) => sqrt(2 / PI) * (x + 0.044715 * x ** 3);
    return unary(asFloat(input), (x) => 0.5 * x * (1 + Math.tanh(inner(x))), (x) => {
      const t = Math.tanh(inner(x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * sqrt(2 / PI) * (1 + 3 * 0.044715 * x * x);
    });
  });
  define("torch.nan_to_num Tensor.nan_to_num", "input: Tensor, nan: number = 0.0",
    (input, nan) => unary(input,
      (x) => (Number.isNaN(x) ? nan : Math.min(Math.max(x, -Number.MAX_VALUE), Number.MAX_VALUE)),
      (x) => (Number.isFinite(x) ? 1 : 0)));

  // Arithmetic
  group("Arithmetic and comparisons, with broadcasting");
  const noBools = (a, b) => {
    if (a.dtype === "bool" && b.dtype === "bool") {
      throw runtimeError("Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.");
    }
    if (a.dtype === "bool" || b.dtype === "bool") {
      throw runtimeError("Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.");
    }
  };
  const remainder = (a, b) => {
    const rest = a % b;
    return rest !== 0 && (b < 0) !== (rest < 0) ? rest + b : rest;
  };
  const floorDivide = (a, b) => (b === 0 ? a / b : Math.round((a - remainder(a, b)) / b));
  // torch multiplies for small exponents, and so rounds in its own way.
  const raise = (p, q) => {
    if (p === 1 || q === 0) return 1;
    const short = { "-2": () => 1 / (p * p), "-1": () => 1 / p, "-0.5": () => 1 / sqrt(p), 0.5: () => sqrt(p), 2: () => p * p, 3: () => p * p * p };
    return Object.hasOwn(short, q) ? short[q]() : p ** q;
  };
  const byExponent = (p, q, y) => (p === 0 && q >= 0 ? null : y * log(p));
  const power = (a, b) => {
    if (a.dtype !== "float" && b.dtype === "int" && b.dim === 0 && b.data[0] < 0) {
      throw runtimeError("Integers to negative integer powers are not allowed.");
    }
    return binary(a, b, raise, (p, q) => (q === 0 ? null : q * raise(p, q - 1)), byExponent);
  };
  const scaled = (other, alpha) => (alpha === 1 ? other : binary(other, asTensor(new Num(alpha, "float")), (p, q) => p * q, (p, q) => q, null));
  const add = (a, b) => {
    const bools = a.dtype === "bool" && b.dtype === "bool";
    return binary(a, b, (p, q) => (bools ? p || q : p + q), () => 1, () => 1);
  };
  const subtract = (a, b) => {
    noBools(a, b);
    return binary(a, b, (p, q) => p - q, () => 1, () => -1);
  };
  const multiply = (a, b) => binary(a, b, (p, q) => p * q, (p, q) => q, (p) => p);
  const divide = (a, b) => binary(a, b, (p, q) => p / q, (p, q) => 1 / q, (p, q, y) => -y / q, "float");
  const half = (loses, ties) => (loses ? null : ties ? 0.5 : 1);
  const larger = (a, b) => binary(a, b, (p, q) => (Number.isNaN(p) ? p : q > p || Number.isNaN(q) ? q : p),
    (p, q) => half(p < q, p === q), (p, q) => half(q < p, p === q));
  const smaller = (a, b) => binary(a, b, (p, q) => (Number.isNaN(p) ? p : q < p || Number.isNaN(q) ? q : p),
    (p, q) => half(p > q, p === q), (p, q) => half(q > p, p === q));

  define(both("add"), "input: operand, other: operand, *, alpha: number = 1",
    (a, b, alpha) => add(a, scaled(b, alpha)), { sign: "+" });
  define(alias("sub", "subtract"), "input: operand, other: operand, *, alpha: number = 1",
    (a, b, alpha) => subtract(a, scaled(b, alpha)), { sign: "-" });
  define(alias("mul", "multiply"), "input: operand, other: operand", multiply, { sign: "*" });
  define(alias("div", "divide", "true_divide"), "input: operand, other: operand", divide, { sign: "/" });
  define(both("pow"), "input: operand, exponent: operand", power, { sign: "**" });
  define(both("remainder"), "input: operand, other: operand",
    (a, b) => {
      if (a.isNumber && b.requiresGrad) throw runtimeError("derivative for aten::remainder is not implemented");
      return binary(a, b, remainder, () => 1, (p, q) => -floorDivide(p, q));
    }, { sign: "%" });
  define(both("fmod"), "input: operand, other: operand",
    (a, b) => binary(a, b, (p, q) => p % q, () => 1, (p, q) => -Math.trunc(p / q)));
  define(both("maximum"), "input: Tensor, other: Tensor", larger);
  define(both("minimum"), "input: Tensor, other: Tensor", smaller);
  define(alias("atan2", "arctan2"), "input: Tensor, other: Tensor", (a, b) =>
    binary(asFloat(a), asFloat(b), Math.atan2,
      (p, q) => (p === 0 && q === 0 ? 0 : q / (p * p + q * q)),
      (p, q) => (p === 0 && q === 0 ? 0 : -p / (p * p + q * q))));
  define(both("hypot"), "input: Tensor, other: Tensor", (a, b) =>
    binary(a, b, Math.hypot, (p, q, y) => p / y, (p, q, y) => q / y));
  define(both("logaddexp"), "input: Tensor, other: Tensor", (a, b) =>
    binary(a, b, (p, q) => (p === q && !Number.isFinite(p) ? p : Math.max(p, q) + Math.log1p(exp(-Math.abs(p - q)))),
      (p, q) => 1 / (1 + exp(q - p)), (p, q) => 1 / (1 + exp(p - q))));
  const longNames = { float: "double", int: "long int", bool: "bool" };
  define(both("lerp"), "input: Tensor, end: Tensor, weight: operand", (start, end, weight) => {
    for (const [name, part] of [["end", end], ["weight", weight]]) {
      if (part.dtype !== start.dtype && !part.isNumber) {
        throw runtimeError(`expected dtype ${longNames[start.dtype]} for \`${name}\` but got dtype ${longNames[part.dtype]}`);
      }
    }
    return meeting([start, end, weight],
      (p, q, w) => (Math.abs(w) < 0.5 ? p + w * (q - p) : q - (q - p) * (1 - w)),
      [(p, q, w) => 1 - w, (p, q, w) => w, (p, q) => q - p], start.dtype);
  });
  const comparison = (name, sign, f) =>
    define(both(name), "input: operand, other: operand", (a, b) => compare(a, b, f), { sign });
  comparison("eq", "==", (p, q) => p === q);
  comparison("ne", "!=", (p, q) => p !== q);
  comparison("lt", "<", (p, q) => p < q);
  comparison("le", "<=", (p, q) => p <= q);
  comparison("gt", ">", (p, q) => p > q);
  comparison("ge", ">=", (p, q) => p >= q);
  define(both("logical_and"), "input: Tensor, other: Tensor", (a, b) => compare(a, b, (p, q) => p && q));
  define(both("logical_or"), "input: Tensor, other: Tensor", (a, b) => compare(a, b, (p, q) => p || q));
  define(both("logical_xor"), "input: Tensor, other: Tensor", (a, b) => compare(a, b, (p, q) => !p !== !q));
  define(both("logical_not"), "input: Tensor", (a) => compare(a, a, (p) => !p));
  const bitwise = (name, sign, f, onBools) =>
    define(both(`bitwise_${name}`), "input: operand, other: operand", (a, b) => {
      const dtype = promote(a, b);
      broadcastShapes(a.shape, b.shape);
      if (dtype === "float") throw new TorchError("NotImplementedError", `"bitwise_${name}_cpu" not implemented for 'Double'`);
      return binary(a, b, (p, q) => (dtype === "bool" ? Number(onBools(p, q)) : f(p, q)), null, null);
    }, { sign });
  bitwise("and", "&", (p, q) => p & q, (p, q) => p && q);
  bitwise("or", "|", (p, q) => p | q, (p, q) => p || q);
  bitwise("xor", "^", (p, q) => p ^ q, (p, q) => p !== q);
  for (const [name, test] of [["isnan", Number.isNaN], ["isfinite", Number.isFinite], ["isinf", (x) => Math.abs(x) === Infinity]]) {
    define(both(name), "input: Tensor", (a) => compare(a, a, (p) => test(p)));
  }

  // Choices
  group("Choices");
  const choose = (condition, a, b) => meeting([condition, a, b], (yes, p, q) => (yes ? p : q),
    [null, (yes) => (yes ? 1 : null), (yes) => (yes ? null : 1)], promote(a, b));
  define("torch.where", "condition: Tensor, input: operand, other: operand", (condition, a, b) => {
    if (condition.dtype !== "bool") {
      const names = { float: "Double", int: "Long" };
      throw runtimeError(`where expected condition to be a boolean tensor, but got a tensor with dtype ${names[condition.dtype]}`);
    }
    return choose(condition, a, b);
  });
  define("Tensor.where", "input: Tensor, condition: Tensor, other: operand",
    (a, condition, b) => operations.get("torch.where").rule(condition, a, b));
  define(both("masked_fill"), "input: Tensor, mask: Tensor, value: operand", (x, mask, value) => {
    const shape = broadcastShapes(mask.shape, x.shape);
    if (value.dim > 0) throw runtimeError(`masked_fill_ only supports a 0-dimensional value tensor, but got tensor with ${value.dim} dimension(s).`);
    if (mask.dtype !== "bool") {
      throw runtimeError(`masked_fill_ only supports boolean masks, but got mask with dtype ${longNames[mask.dtype]}`);
    }
    const wide = pick(x, shape, spread(x.shape, shape), undefined, listed(shape) !== listed(x.shape));
    const result = choose(mask, value, wide);
    result.dtype = x.dtype;
    return result;
  });
  const clamp = (x, low, high) => {
    if (low === null && high === null) throw runtimeError("torch.clamp: At least one of 'min' or 'max' must not be None");
    const lowest = (edges) => (low === null ? -Infinity : edges[0]);
    const highest = (edges) => (high === null ? Infinity : edges.at(-1));
    const byX = (value, ...edges) => (value >= lowest(edges) && value <= highest(edges) ? 1 : null);
    const byLow = (value, ...edges) => (value < lowest(edges) && lowest(edges) < highest(edges) ? 1 : null);
    const byHigh = (value, ...edges) => (value > highest(edges) || lowest(edges) > highest(edges) ? 1 : null);
    const parts = [[x, byX], [low, byLow], [high, byHigh]].filter(([part]) => part !== null);
    return meeting(parts.map(([part]) => part),
      (value, ...edges) => [value, ...edges].find(Number.isNaN) ?? Math.min(Math.max(value, lowest(edges)), highest(edges)),
      parts.map(([, derivative]) => derivative));
  };
  define(alias("clamp", "clip"), "input: Tensor, min: operand? = None, max: operand? = None", clamp);
  define(both("clamp_min"), "input: Tensor, min: operand", (x, low) => clamp(x, low, null));
  define(both("clamp_max"), "input: Tensor, max: operand", (x, high) => clamp(x, null, high));

  // Reductions
  group("Reductions");
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const summing = (values) => [sum(values), values.map(() => 1)];
  const averaging = (values) => [sum(values) / values.length, values.map(() => 1 / values.length)];
  const multiplying = (values) => [
    values.reduce((a, b) => a * b, 1),
    values.map((_, k) => values.reduce((a, b, other) => (other === k ? a : a * b), 1)),
  ];
  const spreading = (correction, root) => (values) => {
    const mean = sum(values) / values.length;
    const divisor = Math.max(values.length - correction, 0);
    const variance = sum(values.map((value) => (value - mean) ** 2)) / divisor;
    const weights = values.map((value) => 2 / divisor * (value - mean));
    if (!root) return [variance, weights];
    const std = sqrt(variance);
    return [std, weights.map((weight) => (std === 0 ? 0 : weight / (2 * std)))];
  };
  const exponentials = (values) => {
    const top = Math.max(...values);
    const shift = Number.isFinite(top) ? top : 0;
    const result = log(sum(values.map((value) => exp(value - shift)))) + shift;
    return [result, values.map((value) => exp(value - result))];
  };
  const best = (better, values) => {
    const at = values.findIndex(Number.isNaN);
    return at >= 0 ? at : values.reduce((found, value, k) => (better(value, values[found]) ? k : found), 0);
  };
  const isMore = (a, b) => a > b;
  const isLess = (a, b) => a < b;
  const evenly = (better) => (values) => {
    const value = values[best(better, values)];
    const isBest = values.map((other) => Object.is(other, value) || other === value);
    return [value, isBest.map((yes) => (yes ? 1 / isBest.filter(Boolean).length : null))];
  };
  const first = (better) => (values) => {
    const at = best(better, values);
    return [values[at], values.map((_, k) => (k === at ? 1 : null))];
  };
  const norming = (p) => (values) => {
    const sizes = values.map(Math.abs);
    if (p === 0) return [sizes.filter((size) => size !== 0).length, values.map(() => 0)];
    if (p === Infinity || p === -Infinity) {
      const [value, weights] = evenly(p > 0 ? isMore : isLess)(sizes);
      return [value, weights.map((weight, k) => weight * sign(values[k]))];
    }
    if (p === 1) return [sum(sizes), values.map(sign)];
    if (p === 2) {
      const norm = sqrt(sum(values.map((value) => value * value)));
      return [norm, values.map((value) => (norm === 0 ? 0 : value / norm))];
    }
    const norm = sum(sizes.map((size) => size ** p)) ** (1 / p);
    return [norm, values.map((value, k) => (norm === 0 || value === 0 ? null : sign(value) * (sizes[k] / norm) ** (p - 1)))];
  };
  const dimsOf = (x, dims, inRangeFirst = true) => (dims === null || dims.length === 0 ? null
    : wrapAll(dims, x.dim, inRangeFirst).filter((dim) => x.dim > 0 && dim >= 0));
  const counted = (x) => (x.dtype === "float" ? "float" : "int");
  const mustBeFloat = (name, x) => {
    if (x.dtype !== "float") {
      throw runtimeError(`${name}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: ${x.dtype === "int" ? "Long" : "Bool"}`);
    }
  };
  const notEmpty = (name, x, dims, written = dims) => {
    if (x.numel > 0) return;
    if (dims === null) {
      throw runtimeError(`${name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.`);
    }
    const empty = dims.findIndex((dim) => x.shape[dim] === 0);
    if (empty >= 0) throw indexError(`${name}(): Expected reduction dim ${written[empty]} to have non-zero size.`);
  };
  const overDims = "input: Tensor, dim: dims = None, keepdim: bool = False";
  define(both("sum"), overDims, (x, dims, keepdim) => reduce(x, dimsOf(x, dims), keepdim, summing, counted(x)), { needsDim: true });
  define(both("mean"), overDims, (x, dims, keepdim) => {
    mustBeFloat("mean", x);
    return reduce(x, dimsOf(x, dims), keepdim, averaging);
  }, { needsDim: true });
  define(both("prod"), "input: Tensor, dim: int? = None, keepdim: bool = False", (x, dim, keepdim) =>
    reduce(x, dim === null ? null : dimsOf(x, [dim]), keepdim, multiplying, counted(x)), { needsDim: true });
  const spreads = `${overDims.replace(", keepdim", ", *, correction: int = 1, keepdim")}, unbiased: bool = True`;
  for (const [name, root] of [["var", false], ["std", true]]) {
    define(both(name), spreads, (x, dims, correction, keepdim, unbiased) => {
      const fold = spreading(unbiased ? correction : 0, root);
      if (x.dtype !== "float") throw runtimeError("std and var only support floating point and complex dtypes");
      return reduce(x, dimsOf(x, dims, false), keepdim, fold);
    });
  }
  define(both("logsumexp"), "input: Tensor, dim: dims, keepdim: bool = False", (x, dims, keepdim) =>
    reduce(asFloat(x), dimsOf(x, dims), keepdim, exponentials));
  for (const [name, better] of [["amax", isMore], ["amin", isLess]]) {
    define(both(name), "input: Tensor, dim: dims? = (), keepdim: bool = False", (x, dims, keepdim) => {
      if (x.numel > 0 || dims === null || dims.length === 0) notEmpty(name, x, null);
      else dims.forEach((dim) => notEmpty(name, x, [wrap(dim, x.dim)], [dim]));
      const over = dimsOf(x, dims);
      return reduce(x, over, keepdim, (values) => {
        const [value, weights] = evenly(better)(values);
        return [value, weights.map((weight) => (Number.isNaN(value) ? NaN : weight ?? 0))];
      });
    });
  }
  const withIndices = (name, better) => (x, dim, keepdim) => {
    if (dim === null) {
      notEmpty(name, x, null);
      return reduce(x, null, false, evenly(better));
    }
    const over = dimsOf(x, [dim]);
    notEmpty(name, x, over);
    const values = reduce(x, over, keepdim, first(better));
    const plain = constant(x.shape, x.data, x.dtype);
    const indices = reduce(plain, over, keepdim, (all) => [best(better, all), []], "int");
    return Object.assign(Tuple.of(values, indices), { values, indices });
  };
  for (const [name, better] of [["max", isMore], ["min", isLess]]) {
    const rule = withIndices(name, better);
    const pair = operations.get(name === "max" ? "torch.maximum" : "torch.minimum").rule;
    define(both(name), "input: Tensor, dim: dimOrTensor? = None, keepdim: bool = False", (x, dim, keepdim) =>
      (dim instanceof Tensor ? pair(x, dim) : rule(x, dim, keepdim)), { needsDim: true });
  }
  for (const [name, better] of [["argmax", isMore], ["argmin", isLess]]) {
    define(both(name), "input: Tensor, dim: int? = None, keepdim: bool = False", (x, dim, keepdim) => {
      const plain = constant(x.shape, x.data, x.dtype);
      const over = dim === null ? null : dimsOf(x, [dim]);
      if (x.numel === 0 && dim === null) throw indexError(`${name}(): Expected reduction dim to be specified for input.numel() == 0.`);
      if (over !== null) notEmpty(name, x, over);
      return reduce(plain, over, keepdim, (all) => [best(better, all), []], "int");
    });
  }
  for (const [name, test] of [["any", (values) => values.some(Boolean)], ["all", (values) => values.every(Boolean)]]) {
    define(both(name), overDims, (x, dims, keepdim) =>
      reduce(constant(x.shape, x.data), dimsOf(x, dims), keepdim, (values) => [test(values) ? 1 : 0, []], "bool"), { needsDim: true });
  }
  const norm = (x, p, dims, keepdim) => {
    if (typeof p === "string" && p !== "fro") throw new Unknown(`The machine knows the norms of numbers and "fro", not ${p}.`);
    const over = dimsOf(x, dims, false);
    const empty = (over ?? [...x.shape.keys()]).find((dim) => x.shape[dim] === 0);
    if ((p === Infinity || p < 0) && empty !== undefined) {
      const where = over ? `the dimension ${empty}because this dimension is empty and` : "an empty tensor because";
      throw runtimeError(`linalg.vector_norm cannot compute the ${String(p).replace("Infinity", "inf")} norm on ${where} the operation does not have an identity`);
    }
    return reduce(x, over, keepdim, norming(typeof p === "string" ? 2 : p));
  };
  define(both("norm"), "input: Tensor, p: order = 2, dim: dims = None, keepdim: bool = False", norm);
  define("torch.linalg.vector_norm", "x: Tensor, ord: order = 2, dim: dims = None, keepdim: bool = False", norm);
  // The largest sum of absolute values of a column (1) or a row (inf), or the least.
  const matrixNorm = (x, p, dims, keepdim) => {
    if (![1, 2, Infinity].includes(Math.abs(p))) throw runtimeError(`linalg.matrix_norm: Order ${p} not supported.`);
    const given = dims ?? [0, 1];
    if (x.dim < 2) throw runtimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.");
    const axes = given.map((dim) => wrap(dim, x.dim));
    if (axes[0] === axes[1]) throw runtimeError(`linalg.matrix_norm: dims must be different. Got (${axes.join(", ")})`);
    if (Math.abs(p) === 2) throw new Unknown("The machine knows no norms from singular values, such as 2; it knows 1, -1, inf and -inf.");
    const [summed, other] = Math.abs(p) === 1 ? axes : [...axes].reverse();
    if (p < 0) notEmpty("amin", x, [other], [other - (!keepdim && other > summed)]);
    const sums = reduce(unary(x, Math.abs, sign), [summed], true, summing);
    return reduce(sums, axes, keepdim, evenly(p > 0 ? isMore : isLess));
  };
  define("torch.linalg.norm", "A: Tensor, ord: order? = None, dim: dims = None, keepdim: bool = False", (x, p, dims, keepdim) => {
    if (dims && ![1, 2].includes(dims.length)) throw runtimeError(`linalg.norm: If dim is specified, it must be of length 1 or 2. Got ${listed(dims)}`);
    if (p !== null && dims === null && ![1, 2].includes(x.dim)) {
      throw runtimeError(`linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ${x.dim}D.`);
    }
    const isMatrix = p !== null && (dims?.length ?? x.dim) === 2;
    return isMatrix && p !== "fro" ? matrixNorm(x, p, dims, keepdim) : norm(x, p ?? 2, dims, keepdim);
  });

  // Along one axis
  group("Along one axis");
  const overDim = "input: Tensor, dim: int";
  const softmaxOf = (values) => {
    const top = Math.max(...values);
    const weights = values.map((value) => exp(value - top));
    const total = sum(weights);
    return weights.map((weight) => weight / total);
  };
  const softmax = (x, dim) => along(asFloat(x), wrap(dim, x.dim), (values) => {
    const s = softmaxOf(values);
    const pull = (v) => {
      const mean = sum(v.map((weight, o) => weight * s[o]));
      return v.map((weight, o) => s[o] * (weight - mean));
    };
    return [s, (o, i) => s[o] * ((o === i ? 1 : 0) - s[i]), pull];
  });
  const negated = (x) => unary(x, (value) => -value, () => -1);
  const names = (name) => `${both(name)} ${functional(name)}`;
  define(names("softmax"), overDim, softmax);
  define(functional("softmin"), overDim, (x, dim) => softmax(negated(x), dim));
  const logSoftmax = (x, dim) => along(asFloat(x), wrap(dim, x.dim), (values) => {
    const s = softmaxOf(values);
    const [total] = exponentials(values);
    const pull = (v) => v.map((weight, i) => weight - s[i] * sum(v));
    return [values.map((value) => value - total), (o, i) => (o === i ? 1 : 0) - s[i], pull];
  });
  define(names("log_softmax"), overDim, logSoftmax);
  const running = (values, start, step) => values.map(((so) => (value) => (so = step(so, value)))(start));
  define(both("cumsum"), overDim, (x, dim) => along(x, wrap(dim, x.dim), (values) =>
    [running(values, 0, (a, b) => a + b), (o, i) => (i <= o ? 1 : 0)], counted(x)));
  define(both("cumprod"), overDim, (x, dim) => along(x, wrap(dim, x.dim), (values) => {
    const products = running(values, 1, (a, b) => a * b);
    const pull = (v) => running(v.map((weight, o) => weight * products[o]).reverse(), 0, (a, b) => a + b)
      .reverse().map((total, i) => total / values[i]);
    const derivative = (o, i) => (i > o ? 0 : values.slice(0, o + 1).reduce((a, b, k) => (k === i ? a : a * b), 1));
    return [products, derivative, values.includes(0) ? undefined : pull];
  }, counted(x)));
  define(both("logcumsumexp"), overDim, (x, dim) => along(asFloat(x), wrap(dim, x.dim), (values) => {
    const results = values.map((_, k) => exponentials(values.slice(0, k + 1))[0]);
    return [results, (o, i) => (i <= o ? exp(values[i] - results[o]) : 0)];
  }));
  const reordered = (descending) => (values) => {
    const order = [...values.keys()].sort((a, b) => (descending ? values[b] - values[a] : values[a] - values[b]) || a - b);
    return [order.map((at) => values[at]), (o, i) => (order[o] === i ? 1 : 0), order];
  };
  define(both("sort"), "input: Tensor, dim: int = -1, descending: bool = False", (x, dim, descending) => {
    const axis = wrap(dim, x.dim);
    const values = along(x, axis, (all) => reordered(descending)(all).slice(0, 2));
    const plain = constant(x.shape, x.data, x.dtype);
    const indices = along(plain, axis, (all) => [reordered(descending)(all)[2], () => 0], "int");
    return Object.assign(Tuple.of(values, indices), { values, indices });
  });
  define(both("argsort"), "input: Tensor, dim: int = -1, descending: bool = False", (x, dim, descending) =>
    operations.get("torch.sort").rule(x, dim, descending).indices);
  define(both("diff"), "input: Tensor, n: int = 1, dim: int = -1", (x, n, dim) => {
    if (x.dim === 0) throw runtimeError("diff expects input to be at least one-dimensional");
    if (n < 0) throw runtimeError(`order must be non-negative but got ${n}`);
    const axis = wrap(dim, x.dim);
    let result = x;
    for (let k = 0; k < n && result.shape[axis] > 0; k++) {
      const size = result.shape[axis] - 1;
      result = subtract(narrow(result, axis, 1, size), narrow(result, axis, 0, size));
    }
    return result;
  });
  define(functional("normalize"), "input: Tensor, p: number = 2.0, dim: int = 1, eps: number = 1e-12", (x, p, dim, eps) => {
    const size = clamp(norm(x, p, [dim], true), asTensor(new Num(eps, "float")), null);
    return divide(x, pick(size, x.shape, spread(size.shape, x.shape)));
  });

  // Matrices
  group("Products and matrices");
  const dimText = (shape) => shape.join("x");
  const letters = (shape, start) => shape.map((_, axis) => String.fromCharCode(97 + start + axis));
  const sizesOf = (operands, labels) => {
    const sizes = {};
    operands.forEach((operand, k) => labels[k].forEach((label, axis) => {
      sizes[label] = sizes[label] === undefined || sizes[label] === 1 ? operand.shape[axis] : sizes[label];
    }));
    return sizes;
  };
  const contract = (operands, labels, result, keepsSigns = false) => product(operands, labels, result, sizesOf(operands, labels), keepsSigns);
  const unlike = (a, b) => runtimeError(
    `inconsistent tensor size, expected tensor ${listed(a.shape)} and src ${listed(b.shape)} to have the same number ` +
    `of elements, but got ${a.numel} and ${b.numel} elements respectively`);
  const dot = (a, b) => {
    if (a.dim !== 1 || b.dim !== 1) throw runtimeError(`1D tensors expected, but got ${a.dim}D and ${b.dim}D tensors`);
    sameDtype(a, b);
    if (a.numel !== b.numel) throw unlike(a, b);
    return contract([a, b], [["i"], ["i"]], []);
  };
  const cannotMultiply = (rows, inner, other) =>
    runtimeError(`mat1 and mat2 shapes cannot be multiplied (${rows}x${inner} and ${dimText(other)})`);
  const batchSizes = (batch, inner, got) => runtimeError(
    `Expected size for first two dimensions of batch2 tensor to be: [${batch}, ${inner}] but got: [${got[0]}, ${got[1]}].`);
  const sameDtype = (a, b) => {
    if (a.dtype === b.dtype) return;
    const [first, second] = [a, b].map(({ dtype }) => ({ float: "Double", int: "Long", bool: "Bool" }[dtype]));
    if (a.dim === 1 && b.dim === 1) throw runtimeError(`dot : expected both vectors to have same dtype, but found ${first} and ${second}`);
    if (a.dim === 2 && b.dim === 1) throw runtimeError(`addmv input tensors must have the same dtype, but got ${second}, ${first}, and ${second}`);
    if (a.dim <= 2 && b.dim === 2) throw runtimeError(`expected m1 and m2 to have the same dtype, but got: ${longNames[a.dtype]} != ${longNames[b.dtype]}`);
    throw new Unknown("The operands of a matrix product must have the same dtype: write the numbers with a point, as 2. or 2.0.");
  };
  // Which product fails, and with which sizes, depends on how torch folds a batch.
  const mismatch = (a, b, batch) => {
    const inner = a.shape.at(-1);
    const isWhole = a.strides?.every((stride, axis) => axis >= a.dim - 2 || stride === a.strides[axis + 1] * a.shape[axis + 1]);
    const foldsB = b.dim > 2 && a.dim <= 2 && b.dim > a.dim && a.requiresGrad;
    if (foldsB) {
      const [rows, columns] = [numelOf(b.shape.slice(0, -2)) * b.shape.at(-1), b.shape.at(-2)];
      if (a.dim === 1) return noVector(rows, columns, a.numel);
      return cannotMultiply(rows, columns, [a.shape[1], a.shape[0]]);
    }
    const foldsA = a.dim <= 2 || b.requiresGrad || isWhole;
    const rows = numelOf(a.shape.slice(0, -1));
    if (b.dim === 1 && foldsA) return noVector(rows, inner, b.numel);
    if (b.dim === 2 && foldsA) return cannotMultiply(rows, inner, b.shape);
    const column = b.dim === 1 ? b.numel : b.shape.at(-2);
    return batchSizes(numelOf(batch), inner, [numelOf(batch), column]);
  };
  const noVector = (rows, columns, size) =>
    runtimeError(`size mismatch, got input (${rows}), mat (${rows}x${columns}), vec (${size})`);
  const matmul = (a, b) => {
    if (a.dim === 0 || b.dim === 0) {
      throw runtimeError(`both arguments to matmul need to be at least 1D, but they are ${a.dim}D and ${b.dim}D`);
    }
    if (a.dim === 1 && b.dim === 1) return dot(a, b);
    const left = a.dim === 1 ? ["k"] : [...letters(a.shape.slice(0, -2), 0).map((_, k) => `A${a.dim - 2 - k}`), "i", "k"];
    const right = b.dim === 1 ? ["k"] : [...b.shape.slice(0, -2).map((_, k) => `A${b.dim - 2 - k}`), "k", "j"];
    const inner = a.shape.at(-1);
    const fits = inner === b.shape.at(b.dim === 1 ? -1 : -2);
    const batch = broadcastBatch(a, b);
    if (!fits) throw mismatch(a, b, batch);
    sameDtype(a, b);
    const result = [...batch.map((_, k) => `A${batch.length - k}`), ...(a.dim > 1 ? ["i"] : []), ...(b.dim > 1 ? ["j"] : [])];
    return contract([a, b], [left, right], result, batch.length === 0);
  };
  const broadcastBatch = (a, b) => broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  define(both("matmul"), "input: Tensor, other: Tensor", matmul, { sign: "@" });
  define(both("mm"), "input: Tensor, mat2: Tensor", (a, b) => {
    if (a.dim !== 2) throw runtimeError("self must be a matrix");
    if (b.dim !== 2) throw runtimeError("mat2 must be a matrix");
    return matmul(a, b);
  });
  define(both("mv"), "input: Tensor, vec: Tensor", (a, b) => {
    if (a.dim === 0) throw noDimensions(0);
    if (a.dim !== 2 || b.dim !== 1) throw runtimeError(`vector + matrix @ vector expected, got 1, ${a.dim}, ${b.dim}`);
    return matmul(a, b);
  });
  define(both("bmm"), "input: Tensor, mat2: Tensor", (a, b) => {
    if (a.dim !== 3) throw runtimeError("batch1 must be a 3D tensor");
    if (b.dim !== 3) throw runtimeError("batch2 must be a 3D tensor");
    if (a.shape[0] !== b.shape[0] || a.shape[2] !== b.shape[1]) throw batchSizes(a.shape[0], a.shape[2], b.shape);
    return matmul(a, b);
  });
  define(both("dot"), "input: Tensor, tensor: Tensor", dot);
  define(both("vdot"), "input: Tensor, other: Tensor", dot);
  define(alias("outer", "ger"), "input: Tensor, vec2: Tensor", (a, b) => {
    if (a.dim !== 1) throw runtimeError(`outer: Expected 1-D argument self, but got ${a.dim}-D`);
    if (b.dim !== 1) throw runtimeError(`outer: Expected 1-D argument vec2, but got ${b.dim}-D`);
    return multiply(relabel(a, [a.numel, 1]), relabel(b, [1, b.numel]));
  });
  define(both("inner"), "input: Tensor, other: Tensor", (a, b) => {
    if (a.dim === 0 || b.dim === 0) return multiply(a, b);
    if (a.shape.at(-1) !== b.shape.at(-1)) {
      throw runtimeError(`inner() the last dimension must match on both input tensors but got shapes ${listed(a.shape)} and ${listed(b.shape)}`);
    }
    if (a.dtype !== b.dtype) throw runtimeError("both inputs should have same dtype");
    const left = letters(a.shape.slice(1), 0);
    const right = letters(b.shape.slice(1), left.length);
    return contract([a, b], [[...left, "z"], [...right, "z"]], [...left, ...right]);
  });
  define(both("kron"), "input: Tensor, other: Tensor", (a, b) => {
    const dim = Math.max(a.dim, b.dim);
    const pad = (t) => pick(t, [...Array(dim - t.dim).fill(1), ...t.shape], [...t.data.keys()]);
    const [left, right] = [pad(a), pad(b)];
    const [first, second] = [letters(left.shape, 0), letters(right.shape, dim)];
    const wide = contract([left, right], [first, second], first.flatMap((label, axis) => [label, second[axis]]), true);
    return pick(wide, left.shape.map((size, axis) => size * right.shape[axis]), [...wide.data.keys()]);
  });
  define("torch.tensordot", "a: Tensor, b: Tensor, dims: dimPairs = 2", (a, b, dims) => {
    if (typeof dims === "number" && dims < 0) throw runtimeError(`tensordot expects dims >= 0, but got dims=${dims}`);
    if (typeof dims === "number" && dims > Math.min(a.dim, b.dim)) {
      throw runtimeError(`tensordot expects dims < ndim_a or ndim_b, but got dims=${dims}`);
    }
    const [overA, overB] = typeof dims === "number"
      ? [Array.from({ length: dims }, (_, k) => k - dims), Array.from({ length: dims }, (_, k) => k)]
      : dims;
    if (overA.length !== overB.length) throw runtimeError("both dimension lists should have same length");
    const check = (dim, x) => {
      if (x.dim === 0) throw noDimensions(dim);
      wrap(dim, x.dim);
    };
    const labelsA = letters(a.shape, 0);
    const labelsB = letters(b.shape, a.dim);
    overA.forEach((dim, k) => {
      check(dim, a);
      check(overB[k], b);
      const [one, two] = [a.shape.at(dim), b.shape.at(overB[k])];
      if (one !== two && one !== 1 && two !== 1) {
        throw runtimeError(`contracted dimensions need to match, but first has size ${one} in dim ${dim} and second has size ${two} in dim ${overB[k]}`);
      }
      labelsB[wrap(overB[k], b.dim)] = labelsA[wrap(dim, a.dim)];
    });
    const result = [...labelsA.filter((label) => !labelsB.includes(label)), ...labelsB.filter((label) => !labelsA.includes(label))];
    return contract([a, b], [labelsA, labelsB], result);
  });
  // einsum
  const fail = (text) => runtimeError(`einsum(): ${text}`);
  const readSubscripts = (text, at, where) => {
    const labels = [];
    for (let k = 0; k < text.length; k++) {
      const sign = text[k];
      if (sign === " ") continue;
      if (sign === ".") {
        if (text.slice(k, k + 3) !== "..." || labels.includes("...")) {
          throw fail(labels.includes("...")
            ? `found '.' ${where} for which an ellipsis was already found`
            : `found '.' ${where} that is not part of any ellipsis`);
        }
        labels.push("...");
        k += 2;
      } else if (/[a-zA-Z]/.test(sign)) labels.push(sign);
      else throw fail(`invalid subscript given at index ${at + k} in the equation string, subscripts must be in [a-zA-Z]`);
    }
    return labels;
  };
  const einsum = (equation, operands) => {
    if (operands.length === 0) {
      throw new TorchError("ValueError", "einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list");
    }
    const arrow = equation.indexOf("->");
    const inputText = arrow < 0 ? equation : equation.slice(0, arrow);
    let at = 0;
    const read = inputText.split(",").map((text, k) => {
      const labels = readSubscripts(text, at, `for operand ${k}`);
      at += text.length + 1;
      return labels;
    });
    if (read.length < operands.length) throw fail("more operands were provided than specified in the equation");
    if (read.length > operands.length) throw fail("fewer operands were provided than specified in the equation");
    let dots = 0;
    const widths = operands.map((operand, k) => {
      const named = read[k].filter((label) => label !== "...").length;
      const hasDots = read[k].includes("...");
      if (hasDots ? named > operand.dim : named !== operand.dim) {
        throw fail(hasDots
          ? `the number of subscripts in the equation (${named}) is more than the number of dimensions (${operand.dim}) for operand ${k}`
          : `the number of subscripts in the equation (${named}) does not match the number of dimensions (${operand.dim}) for operand ${k} and no ellipsis was given`);
      }
      dots = Math.max(dots, operand.dim - named);
      return operand.dim - named;
    });
    const ellipsis = (width) => Array.from({ length: width }, (_, k) => `.${width - k}`);
    const labels = read.map((one, k) => one.flatMap((label) => (label === "..." ? ellipsis(widths[k]) : [label])));
    let result;
    if (arrow >= 0) {
      const given = readSubscripts(equation.slice(arrow + 2), arrow + 2, "for the output");
      const seen = new Set();
      for (const label of given.filter((one) => one !== "...")) {
        if (seen.has(label)) throw fail(`output subscript ${label} appears more than once in the output`);
        seen.add(label);
        if (!labels.some((one) => one.includes(label))) throw fail(`output subscript ${label} does not appear in the equation for any input operand`);
      }
      result = given.flatMap((label) => (label === "..." ? ellipsis(dots) : [label]));
    } else {
      const counts = {};
      for (const label of read.flat().filter((one) => one !== "...")) counts[label] = (counts[label] ?? 0) + 1;
      result = [...ellipsis(dots), ...Object.keys(counts).filter((label) => counts[label] === 1).sort()];
    }
    const sizes = {};
    operands.forEach((operand, k) => {
      const mine = {};
      labels[k].forEach((label, axis) => {
        const size = operand.shape[axis];
        if (mine[label] !== undefined && mine[label] !== size) {
          throw fail(`subscript ${label} is repeated for operand ${k} but the sizes don't match, ${size} != ${mine[label]}`);
        }
        mine[label] = size;
      });
    });
    operands.forEach((operand, k) => labels[k].forEach((label, axis) => {
      const size = operand.shape[axis];
      if (sizes[label] === undefined || sizes[label] === 1) sizes[label] = size;
      else if (size !== 1 && size !== sizes[label]) {
        const name = label.startsWith(".") ? "..." : label;
        throw fail(name === "..."
          ? `dimension ${dots - Number(label.slice(1))} covered by ellipsis in operand ${k}has size ${size} which does not broadcast with previously seen ellipsis with size ${sizes[label]} for the respective dimension`
          : `subscript ${name} has size ${size} for operand ${k} which does not broadcast with previously seen size ${sizes[label]}`);
      }
    }));
    return product(operands, labels, result, sizes);
  };
  define("torch.einsum", "equation: str, *operands: tensors", einsum);
  const matrixOnly = (name, x) => {
    if (x.dim < 2) throw runtimeError(`linalg.${name}: The input tensor A must have at least 2 dimensions.`);
    const [rows, columns] = x.shape.slice(-2);
    if (rows !== columns) {
      throw runtimeError(`linalg.${name}: A must be batches of square matrices, but they are ${rows} by ${columns} matrices`);
    }
  };
  // A rule for one matrix, applied to each of a batch.
  const forEachMatrix = (name, rule) => (x) => {
    matrixOnly(name, x);
    if (x.dim === 2) return rule(x);
    const batch = x.shape.slice(0, -2);
    const matrices = operations.get("torch.unbind").rule(relabel(x, [numelOf(batch), ...x.shape.slice(-2)]), 0);
    const results = stack([...matrices].map(rule), 0);
    return relabel(results, [...batch, ...results.shape.slice(1)]);
  };
  // Gauss and Jordan, with the largest pivot of each column.
  const eliminate = (x) => {
    const n = x.shape[0];
    const rows = Array.from({ length: n }, (_, r) => [
      ...x.data.slice(r * n, (r + 1) * n), ...Array.from({ length: n }, (_, c) => (c === r ? 1 : 0))]);
    let determinant = 1;
    for (let c = 0; c < n; c++) {
      let pivot = c;
      for (let r = c + 1; r < n; r++) if (Math.abs(rows[r][c]) > Math.abs(rows[pivot][c])) pivot = r;
      if (rows[pivot][c] === 0) return { determinant: 0, singular: c + 1 };
      if (pivot !== c) {
        [rows[pivot], rows[c]] = [rows[c], rows[pivot]];
        determinant = -determinant;
      }
      const scale = rows[c][c];
      determinant *= scale;
      rows[c] = rows[c].map((value) => value / scale);
      rows.forEach((row, r) => {
        const factor = row[c];
        if (r !== c && factor !== 0) rows[r] = row.map((value, k) => value - factor * rows[c][k]);
      });
    }
    return { determinant, inverse: rows.map((row) => row.slice(n)) };
  };
  const minor = (x, skippedRow, skippedColumn) => {
    const n = x.shape[0];
    const kept = [...x.data].filter((_, k) => Math.floor(k / n) !== skippedRow && k % n !== skippedColumn);
    return eliminate(constant([n - 1, n - 1], kept)).determinant;
  };
  define("torch.linalg.det torch.det Tensor.det", "A: Tensor", forEachMatrix("det", (x) => {
    const n = x.shape[0];
    const links = linksTo(x);
    x.data.forEach((_, k) => {
      const [r, c] = [Math.floor(k / n), k % n];
      links?.add(0, k, ((r + c) % 2 ? -1 : 1) * minor(x, r, c));
    });
    return new Tensor([], Float64Array.of(eliminate(x).determinant), "float", [links]);
  }));
  define("torch.linalg.inv torch.inverse Tensor.inverse", "A: Tensor", forEachMatrix("inv", (x) => {
    const { inverse, singular } = eliminate(x);
    if (singular) {
      throw new TorchError("_LinAlgError", `linalg.inv: The diagonal element ${singular} is zero, the inversion could not be completed because the input matrix is singular.`);
    }
    const n = x.shape[0];
    const links = linksTo(x);
    for (let k = 0; links && k < n ** 4; k++) {
      const [a, b, c, d] = [Math.floor(k / n ** 3), Math.floor(k / n ** 2) % n, Math.floor(k / n) % n, k % n];
      links.add(a * n + b, c * n + d, -inverse[a][c] * inverse[d][b]);
    }
    return new Tensor([n, n], Float64Array.from(inverse.flat()), "float", [links]);
  }));
  define(both("trace"), "input: Tensor", (x) => {
    if (x.dim !== 2) throw runtimeError(`trace: expected a matrix, but got tensor with dim ${x.dim}`);
    return reduce(diagonalOf(x, 0, 0, 1), null, false, summing, counted(x));
  });
  const diagonalOf = (x, offset, dim1, dim2) => {
    const [first, second] = [wrap(dim1, x.dim), wrap(dim2, x.dim)];
    if (first === second) throw runtimeError(`diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
    const length = Math.max(0, Math.min(x.shape[first] + Math.min(offset, 0), x.shape[second] - Math.max(offset, 0)));
    const own = contiguous(x.shape);
    const rest = x.shape.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
    const start = Math.max(offset, 0) * own[second] - Math.min(offset, 0) * own[first];
    const shape = [...rest.map((axis) => x.shape[axis]), length];
    const map = positions(shape, [...rest.map((axis) => own[axis]), own[first] + own[second]], start);
    const strides = x.strides && [...rest.map((axis) => x.strides[axis]), x.strides[first] + x.strides[second]];
    return pick(x, shape, map, strides);
  };
  define(both("diagonal"), "input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1", diagonalOf, { isView: true });
  define(both("diag"), "input: Tensor, diagonal: int = 0", (x, offset) => {
    if (x.dim === 2) return pick(diagonalOf(x, offset, 0, 1), [diagonalOf(x, offset, 0, 1).numel], [...diagonalOf(x, offset, 0, 1).data.keys()]);
    if (x.dim !== 1) throw runtimeError(`diag(): Supports 1D or 2D tensors. Got ${x.dim}D`);
    const n = x.numel + Math.abs(offset);
    const map = Array.from({ length: n * n }, (_, k) => {
      const [r, c] = [Math.floor(k / n), k % n];
      return c - r === offset ? Math.min(r, c) : -1;
    });
    return pick(x, [n, n], map);
  });
  for (const [name, keeps] of [["tril", (gap, k) => gap <= k], ["triu", (gap, k) => gap >= k]]) {
    define(both(name), "input: Tensor, diagonal: int = 0", (x, diagonal) => {
      if (x.dim < 2) throw runtimeError(`${name}: input tensor must have at least 2 dimensions`);
      const [rows, columns] = x.shape.slice(-2);
      return pick(x, x.shape, Array.from(x.data.keys(), (k) =>
        (keeps(k % columns - Math.floor(k / columns) % rows, diagonal) ? k : -1)));
    });
  }

  // Shapes
  group("Shapes");
  const inferSizes = (x, sizes) => {
    const text = listed(sizes);
    const inferred = sizes.filter((size) => size === -1).length;
    sizes.forEach((size, k) => {
      if (size < -1) throw runtimeError(`invalid shape dimension ${size} at index ${k} of shape ${text}`);
      if (size === -1 && sizes.indexOf(-1) !== k) throw runtimeError("only one dimension can be inferred");
    });
    const known = numelOf(sizes.filter((size) => size !== -1));
    const fits = inferred ? known > 0 && x.numel % known === 0 : known === x.numel;
    if (inferred && known === 0 && x.numel === 0) {
      throw runtimeError(`cannot reshape tensor of 0 elements into shape ${text} because the unspecified dimension size -1 can be any value and is ambiguous`);
    }
    if (!fits) throw runtimeError(`shape '${text}' is invalid for input of size ${x.numel}`);
    return sizes.map((size) => (size === -1 ? x.numel / known : size));
  };
  // How a tensor of these strides would lie as another shape; null if it can't.
  const viewStrides = (shape, strides, sizes) => {
    if (numelOf(shape) === 0) return contiguous(sizes);
    const result = Array(sizes.length);
    let out = sizes.length - 1;
    let base = strides.at(-1) ?? 1;
    let [elements, walked] = [1, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      elements *= shape[axis];
      const ends = axis === 0 || (shape[axis - 1] !== 1 && strides[axis - 1] !== elements * base);
      if (!ends) continue;
      while (out >= 0 && (walked < elements || sizes[out] === 1)) {
        result[out] = walked * base;
        walked *= sizes[out--];
      }
      if (walked !== elements) return null;
      if (axis > 0) [base, elements, walked] = [strides[axis - 1], 1, 1];
    }
    while (out >= 0) result[out--] = base;
    return result;
  };
  const relabel = (x, sizes, strides) => pick(x, sizes, [...x.data.keys()], strides);
  const reshape = (x, sizes) => {
    const shape = inferSizes(x, sizes);
    return relabel(x, shape, x.strides && (viewStrides(x.shape, x.strides, shape) ?? contiguous(shape)));
  };
  const viewAs = (x, sizes) => {
    const shape = inferSizes(x, sizes);
    if (x.strides === null) throw new Unknown("The machine doesn't know how this tensor would lie in torch's memory: write .reshape(...) instead of .view(...).");
    const strides = viewStrides(x.shape, x.strides, shape);
    if (!strides) {
      throw runtimeError("view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.");
    }
    return relabel(x, shape, strides);
  };
  const isView = { isView: true };
  define(both("reshape"), "input: Tensor, *shape: sizes", reshape, isView);
  define("Tensor.view", "input: Tensor, *shape: sizes", viewAs, isView);
  define("Tensor.view_as", "input: Tensor, other: Tensor", (x, other) => viewAs(x, other.shape), isView);
  define("Tensor.reshape_as", "input: Tensor, other: Tensor", (x, other) => reshape(x, other.shape), isView);
  define(both("ravel"), "input: Tensor", (x) => reshape(x, [-1]), isView);
  define(both("flatten"), "input: Tensor, start_dim: int = 0, end_dim: int = -1", (x, start, end) => {
    const [from, to] = [wrap(start, x.dim), wrap(end, x.dim)];
    if (from > to) throw runtimeError("flatten() has invalid args: start_dim cannot come after end_dim");
    if (x.dim === 0) return reshape(x, [1]);
    return reshape(x, [...x.shape.slice(0, from), numelOf(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)]);
  }, isView);
  define(both("unflatten"), "input: Tensor, dim: int, sizes: sizes", (x, dim, sizes) => {
    const axis = wrap(dim, x.dim);
    if (sizes.length === 0) throw runtimeError("unflatten: sizes must be non-empty");
    if (x.dim === 0) throw noDimensions(dim);
    const known = numelOf(sizes.filter((size) => size !== -1));
    const full = sizes.map((size) => (size === -1 ? x.shape[axis] / known : size));
    if (numelOf(full) !== x.shape[axis] || !full.every(Number.isInteger)) {
      throw runtimeError(`unflatten: Provided sizes ${listed(sizes)} don't multiply up to the size of dim ${axis} (${x.shape[axis]}) in the input tensor`);
    }
    return reshape(x, [...x.shape.slice(0, axis), ...full, ...x.shape.slice(axis + 1)]);
  }, isView);
  define(both("permute"), "input: Tensor, *dims: sizes", (x, dims) => {
    if (dims.length !== x.dim) {
      throw runtimeError("permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions " +
        `i.e. input.dim() = ${x.dim} is not equal to len(dims) = ${dims.length}`);
    }
    const order = dims.map((dim) => wrap(dim, x.dim));
    if (new Set(order).size !== order.length) throw runtimeError("permute(): duplicate dims are not allowed.");
    return permuted(x, order);
  }, isView);
  const swapped = (x, dim0, dim1) => {
    const [a, b] = [wrap(dim0, x.dim), wrap(dim1, x.dim)];
    const order = x.shape.map((_, axis) => axis);
    if (x.dim) [order[a], order[b]] = [order[b], order[a]];
    return permuted(x, order);
  };
  define(alias("transpose", "swapaxes", "swapdims"), "input: Tensor, dim0: int, dim1: int", swapped, isView);
  define(both("t"), "input: Tensor", (x) => {
    if (x.dim > 2) throw runtimeError(`t() expects a tensor with <= 2 dimensions, but self is ${x.dim}D`);
    return x.dim < 2 ? permuted(x, x.shape.map((_, axis) => axis)) : swapped(x, 0, 1);
  }, isView);
  define("Tensor.T", "input: Tensor", (x) => permuted(x, x.shape.map((_, axis) => x.dim - 1 - axis)), { isView: true, isProperty: true });
  define("Tensor.mT", "input: Tensor", (x) => {
    if (x.dim === 1) throw runtimeError("tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor.");
    return x.dim === 0 ? permuted(x, []) : swapped(x, -2, -1);
  }, { isView: true, isProperty: true });
  define(alias("movedim", "moveaxis"), "input: Tensor, source: dims, destination: dims", (x, source, destination) => {
    if (source.length !== destination.length) {
      throw runtimeError("movedim: Invalid source or destination dims: source " +
        `(${listed(source)} dims) should contain the same number of dims as destination (${listed(destination)} dims)`);
    }
    const [from, to] = [source, destination].map((dims) => dims.map((dim) => wrap(dim, x.dim)));
    for (const [name, dims, given] of [["source", from, source], ["destination", to, destination]]) {
      if (new Set(dims).size !== dims.length) throw runtimeError(`movedim: repeated dim in \`${name}\` (${listed(given)})`);
    }
    if (x.dim === 0) return permuted(x, []);
    const order = Array(x.dim).fill(null);
    to.forEach((axis, k) => { order[axis] = from[k]; });
    const rest = x.shape.map((_, axis) => axis).filter((axis) => !from.includes(axis));
    return permuted(x, order.map((axis) => axis ?? rest.shift()));
  }, isView);
  define(both("squeeze"), "input: Tensor, dim: dims = None", (x, dims) => {
    const over = dims === null ? null : wrapAll(dims, x.dim);
    const kept = x.shape.map((_, axis) => axis).filter((axis) => x.shape[axis] !== 1 || (over && !over.includes(axis)));
    return permutedSome(x, kept);
  }, isView);
  const permutedSome = (x, kept) => view(x, kept.map((axis) => x.shape[axis]), kept.map((axis) => [axis, 1]));
  define(both("unsqueeze"), "input: Tensor, dim: int", (x, dim) => {
    const at = wrap(dim, x.dim + 1);
    const strides = x.strides && [...x.strides];
    strides?.splice(at, 0, at < x.dim ? x.shape[at] * x.strides[at] : 1);
    return relabel(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)], strides);
  }, isView);
  const expand = (x, sizes) => {
    const extra = sizes.length - x.dim;
    if (extra < 0) {
      const name = { float: "torch.DoubleTensor", int: "torch.LongTensor", bool: "CPUBoolType" }[x.dtype];
      throw runtimeError(`expand(${name}{${listed(x.shape)}}, size=${listed(sizes)}): the number of sizes provided (${sizes.length}) must be greater or equal to the number of dimensions in the tensor (${x.dim})`);
    }
    if (x.dim === 0 && sizes.some((size) => size < 0)) throw runtimeError("numel: integer multiplication overflow");
    const shape = [...sizes];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const own = axis < extra ? 1 : x.shape[axis - extra];
      if (sizes[axis] === -1) {
        if (axis < extra) throw runtimeError(`The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension ${axis}`);
        shape[axis] = own;
      } else if (own !== sizes[axis] && own !== 1) {
        throw runtimeError(`The expanded size of the tensor (${sizes[axis]}) must match the existing size (${own}) at non-singleton dimension ${axis}.  ` +
          `Target sizes: ${listed(sizes)}.  Tensor sizes: ${listed(x.shape)}`);
      }
    }
    const strides = x.strides && shape.map((size, axis) =>
      (axis < extra || (x.shape[axis - extra] === 1 && size !== 1) ? 0 : x.strides[axis - extra]));
    return pick(x, shape, spread(x.shape, shape), strides, listed(shape) !== listed(x.shape));
  };
  define("Tensor.expand", "input: Tensor, *sizes: sizes", expand, isView);
  define("Tensor.expand_as", "input: Tensor, other: Tensor", (x, other) => expand(x, other.shape), isView);
  define(both("broadcast_to"), "input: Tensor, size: sizes", expand, isView);
  const repeat = (x, counts) => {
    if (counts.length < x.dim) throw runtimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor");
    const padded = [...Array(counts.length - x.dim).fill(1), ...x.shape];
    const own = contiguous(padded);
    const shape = padded.map((size, axis) => size * counts[axis]);
    const negative = shape.find((size) => size < 0);
    if (negative !== undefined) throw runtimeError(`Trying to create tensor with negative dimension ${negative}: ${listed(shape)}`);
    const steps = contiguous(shape);
    return pick(x, shape, Array.from({ length: numelOf(shape) }, (_, k) =>
      shape.reduce((at, size, axis) => at + Math.floor(k / steps[axis]) % size % padded[axis] * own[axis], 0)));
  };
  define("Tensor.repeat", "input: Tensor, *repeats: sizes", repeat);
  define(both("tile"), "input: Tensor, *dims: sizes", (x, dims) =>
    repeat(x, [...Array(Math.max(x.dim - dims.length, 0)).fill(1), ...dims]));
  const flip = (x, dims) => {
    const over = wrapAll(dims, x.dim);
    const steps = contiguous(x.shape);
    return pick(x, x.shape, Array.from(x.data.keys(), (k) => x.shape.reduce((at, size, axis) => {
      const index = Math.floor(k / steps[axis]) % size;
      return at + (over.includes(axis) ? size - 1 - index : index) * steps[axis];
    }, 0)));
  };
  define(both("flip"), "input: Tensor, *dims: sizes", flip);
  define(both("roll"), "input: Tensor, shifts: dims, dims: dims = None", (x, shifts, dims) => {
    if (shifts.length === 0) throw runtimeError("`shifts` required");
    if (x.numel === 0) return relabel(x, x.shape);
    if (dims === null) {
      if (shifts.length > 1) throw runtimeError("shifts and dimensions must align. shifts: " + `${shifts.length}, dims:0`);
      return pick(x, x.shape, Array.from(x.data.keys(), (k) => (((k - shifts[0]) % x.numel) + x.numel) % x.numel));
    }
    if (shifts.length === dims.length && x.dim === 0) {
      throw noDimensions(dims[0]);
    }
    if (shifts.length !== dims.length) throw runtimeError(`shifts and dimensions must align. shifts: ${shifts.length}, dims:${dims.length}`);
    const moves = x.shape.map(() => 0);
    dims.forEach((dim, k) => { moves[wrap(dim, x.dim)] += shifts[k]; });
    const steps = contiguous(x.shape);
    return pick(x, x.shape, Array.from(x.data.keys(), (k) => x.shape.reduce((at, size, axis) => {
      const index = Math.floor(k / steps[axis]) % size;
      return at + (((index - moves[axis]) % size) + size) % size * steps[axis];
    }, 0)));
  });

  group("Parts and joins");
  const narrow = (x, dim, start, length) => {
    const strides = x.strides && [...x.strides];
    const shape = x.shape.map((size, axis) => (axis === dim ? length : size));
    const own = contiguous(x.shape);
    return pick(x, shape, positions(shape, own, start * own[dim]), strides);
  };
  define(both("narrow"), "input: Tensor, dim: int, start: int, length: int", (x, dim, start, length) => {
    if (x.dim === 0) throw runtimeError("narrow() cannot be applied to a 0-dim tensor.");
    if (length < 0) throw runtimeError("narrow(): length must be non-negative.");
    const axis = wrap(dim, x.dim);
    const size = x.shape[axis];
    if (start < -size || start > size) throw indexError(`start out of range (expected to be in range of [${-size}, ${size}], but got ${start})`);
    const from = start < 0 ? start + size : start;
    if (from + length > size) throw runtimeError(`start (${from}) + length (${length}) exceeds dimension size (${size}).`);
    return narrow(x, axis, from, length);
  }, isView);
  define(both("select"), "input: Tensor, dim: int, index: int", (x, dim, index) => {
    if (x.dim === 0) throw indexError("select() cannot be applied to a 0-dim tensor.");
    const axis = wrap(dim, x.dim);
    const size = x.shape[axis];
    if (index < -size || index >= size) throw indexError(`select(): index ${index} out of range for tensor of size ${listed(x.shape)} at dimension ${axis}`);
    const part = narrow(x, axis, index < 0 ? index + size : index, 1);
    return permutedSome(part, x.shape.map((_, other) => other).filter((other) => other !== axis));
  }, isView);
  define(both("index_select"), "input: Tensor, dim: int, index: Tensor", (x, dim, index) => {
    const axis = wrap(dim, x.dim);
    if (index.dim > 1) throw indexError("index_select(): Index is supposed to be a vector");
    if (x.dim === 0 && index.numel !== 1) throw runtimeError(`index_select(): Index to scalar can have only 1 value, got ${index.numel} value(s)`);
    const size = x.shape[axis] ?? 1;
    if (index.numel > 0 && x.dim > 1 && size === 0) throw indexError("index_select(): self indexing axis dim should be positive");
    const isFast = x.numel === 0 || (axis === 1 && VJP.isContiguous(x)); // torch checks the indices elsewhere
    for (const at of index.data) if (at < 0 || at >= size) {
      throw x.dim > 1 && isFast ? runtimeError(`INDICES element is out of DATA bounds, id=${at} axis_dim=${size}`) : indexError("index out of range in self");
    }
    if (x.dim === 0) return pick(x, [], [0]);
    const whole = new VJP.Slice(null, null, null);
    const list = constant([index.numel], index.data, "int");
    return VJP.subscript(x, Tuple.of(...Array(axis).fill(whole), list));
  });
  define(both("gather"), "input: Tensor, dim: int, index: Tensor", (x, dim, index) => {
    const axis = wrap(dim, x.dim);
    if (Math.max(index.dim, 1) !== Math.max(x.dim, 1)) throw runtimeError("Index tensor must have the same number of dimensions as input tensor");
    index.shape.forEach((size, other) => {
      if (other !== axis && size > x.shape[other]) {
        throw runtimeError(`Size does not match at dimension ${other} expected index ${listed(index.shape)} to be no larger than self ${listed(x.shape)} apart from dimension ${axis}`);
      }
    });
    const own = contiguous(x.shape);
    const base = positions(index.shape, index.shape.map((_, other) => (other === axis ? 0 : own[other])));
    return pick(x, index.shape, base.map((at, k) => {
      const chosen = index.data[k];
      const size = x.shape[axis] ?? 1;
      if (chosen < 0 || chosen >= size) throw runtimeError(`index ${chosen} is out of bounds for dimension ${axis} with size ${size}`);
      return at + chosen * (own[axis] ?? 1);
    }), undefined, true);
  });
  define(both("unbind"), "input: Tensor, dim: int = 0", (x, dim) => {
    const axis = wrap(dim, x.dim);
    if (x.dim === 0) throw noDimensions(axis);
    const select = operations.get("torch.select").rule;
    return Tuple.from(Array.from({ length: x.shape[axis] ?? 0 }, (_, k) => select(x, axis, k)));
  }, isView);
  const cut = (x, axis, sizes) => {
    let start = 0;
    return Tuple.from(sizes.map((size) => {
      start += size;
      return narrow(x, axis, start - size, size);
    }));
  };
  const evenSizes = (size, part) => (size === 0 ? [0] : Array.from({ length: Math.ceil(size / part) }, (_, k) => Math.min(part, size - k * part)));
  define(both("chunk"), "input: Tensor, chunks: int, dim: int = 0", (x, chunks, dim) => {
    if (x.dim === 0) throw runtimeError("chunk expects at least a 1-dimensional tensor");
    if (chunks <= 0) throw runtimeError(`chunk expects \`chunks\` to be greater than 0, got: ${chunks}`);
    const axis = wrap(dim, x.dim);
    const size = x.shape[axis];
    return cut(x, axis, size === 0 ? Array(chunks).fill(0) : evenSizes(size, Math.ceil(size / chunks)));
  }, isView);
  define(both("split"), "input: Tensor, split_size: sections, dim: int = 0", (x, { sizes, isList }, dim) => {
    if (x.dim === 0) throw runtimeError("split expects at least a 1-dimensional tensor");
    const axis = wrap(dim, x.dim);
    if (!isList && sizes[0] < 0) throw runtimeError(`split expects split_size be non-negative, but got split_size=${sizes[0]}`);
    if (!isList && sizes[0] > 0) return cut(x, axis, evenSizes(x.shape[axis], sizes[0]));
    if (!isList && x.shape[axis] !== 0) throw runtimeError(`split_size can only be 0 if dimension size is 0, but got dimension size of ${x.shape[axis]}`);
    if (isList && sizes.some((size) => size < 0)) throw runtimeError(`split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes=${listed(sizes)}`);
    if (!isList) return Tuple.of(x);
    if (sizes.reduce((a, b) => a + b, 0) !== x.shape[axis]) {
      throw runtimeError(`split_with_sizes expects split_sizes to sum exactly to ${x.shape[axis]} (input tensor's size at dimension ${dim}), but got split_sizes=${listed(sizes)}`);
    }
    return cut(x, axis, sizes);
  }, isView);
  const cat = (tensors, dim) => {
    if (tensors.length === 0) throw new TorchError("ValueError", "torch.cat(): expected a non-empty list of Tensors");
    tensors.forEach((tensor, k) => {
      if (tensor.dim === 0) throw runtimeError(`zero-dimensional tensor (at position ${k}) cannot be concatenated`);
    });
    const counts = tensors.filter((tensor) => tensor.dim !== 1 || tensor.numel > 0);
    const like = counts[0] ?? tensors[0];
    const axis = wrap(dim, like.dim);
    tensors.forEach((tensor, number) => {
      if (!counts.includes(tensor)) return;
      if (tensor.dim !== like.dim) throw runtimeError(`Tensors must have same number of dimensions: got ${like.dim} and ${tensor.dim}`);
      tensor.shape.forEach((size, other) => {
        if (other !== axis && size !== like.shape[other]) {
          throw runtimeError(`Sizes of tensors must match except in dimension ${axis}. Expected size ${like.shape[other]} but got size ${size} for tensor number ${number} in the list.`);
        }
      });
    });
    return join(counts.length ? counts : tensors, axis);
  };
  const unsqueezed = (x, at) => relabel(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
  const stack = (tensors, dim) => {
    if (tensors.length === 0) throw runtimeError("stack expects a non-empty TensorList");
    const axis = wrap(dim, tensors[0].dim + 1);
    tensors.forEach((tensor, k) => {
      if (listed(tensor.shape) !== listed(tensors[0].shape)) {
        throw runtimeError(`stack expects each tensor to be equal size, but got ${listed(tensors[0].shape)} at entry 0 and ${listed(tensor.shape)} at entry ${k}`);
      }
    });
    return join(tensors.map((tensor) => unsqueezed(tensor, axis)), axis);
  };
  define("torch.cat torch.concat torch.concatenate", "tensors: tensors, dim: int = 0", cat);
  define("torch.stack", "tensors: tensors, dim: int = 0", stack);
  define("torch.hstack", "tensors: tensors", (tensors) => {
    const wide = tensors.map((tensor) => (tensor.dim === 0 ? unsqueezed(tensor, 0) : tensor));
    return cat(wide, wide[0]?.dim === 1 ? 0 : 1);
  });
  define("torch.vstack", "tensors: tensors", (tensors) => cat(tensors.map((tensor) =>
    (tensor.dim < 2 ? relabel(tensor, [1, tensor.numel]) : tensor)), 0));
  define(both("clone"), "input: Tensor", (x) => relabel(x, x.shape, x.strides));
  define("Tensor.contiguous", "input: Tensor", (x) => relabel(x, x.shape, contiguous(x.shape)), isView);
  define("torch.detach Tensor.detach", "input: Tensor", (x) => new Tensor(x.shape, x.data, x.dtype, [], x.strides), isView);
  define("Tensor.float", "input: Tensor", (x) => {
    if (x.dtype === "float") throw new Unknown("The machine computes in double precision, where .float() of a float tensor would lose digits.");
    return asFloat(x);
  }, isView);
  define("Tensor.double", "input: Tensor", (x) => (x.dtype === "float" ? relabel(x, x.shape, x.strides) : asFloat(x)), isView);

  // Losses and layers
  group("Losses and layers");
  const reduced = (x, how) => {
    if (how === "none") return x;
    if (!["mean", "sum"].includes(how)) throw new TorchError("ValueError", `${how} is not a valid value for reduction`);
    return reduce(x, null, false, how === "mean" ? averaging : summing);
  };
  const linear = (x, weight, bias) => {
    if (x.dim === 0 || weight.dim === 0) throw runtimeError(`both arguments to linear need to be at least 1D, but they are ${x.dim}D and ${weight.dim}D`);
    if (weight.dim > 2 || (bias && weight.dim !== 2)) throw new Unknown("The machine knows linear for a weight of shape (out_features, in_features) or (in_features,), a bias with the first only.");
    const result = matmul(x, weight.dim === 2 ? swapped(weight, 0, 1) : weight);
    if (bias && x.dim === 1) broadcastBias(bias, weight);
    else if (bias) expand(bias, [numelOf(x.shape.slice(0, -1)), weight.shape[0]]);
    return bias ? add(result, bias) : result;
  };
  const broadcastBias = (bias, weight) => expand(bias, [1, weight.shape[0]]);
  define(functional("linear"), "input: Tensor, weight: Tensor, bias: Tensor? = None", linear);
  define(functional("mse_loss"), "input: Tensor, target: Tensor, *, reduction: str = 'mean'", (x, target, how) =>
    reduced(unary(subtract(x, target), (value) => value * value, (value) => 2 * value), how));
  define(functional("l1_loss"), "input: Tensor, target: Tensor, *, reduction: str = 'mean'", (x, target, how) =>
    reduced(unary(subtract(x, target), Math.abs, (value) => sign(value)), how));
  define(functional("cross_entropy"), "input: Tensor, target: Tensor, *, reduction: str = 'mean'", (x, target, how) => {
    if (target.dtype !== "int" || ![1, 2].includes(x.dim) || target.dim !== x.dim - 1) {
      throw new Unknown("The machine knows cross_entropy for classes: input of shape (N, C) with integers of shape (N,) as target, or (C,) with one integer.");
    }
    const batch = x.dim === 1 ? unsqueezed(x, 0) : x;
    if (target.numel !== batch.shape[0]) {
      throw new TorchError("ValueError", `Expected input batch_size (${batch.shape[0]}) to match target batch_size (${target.numel}).`);
    }
    for (const label of target.data) if (label < 0 || label >= batch.shape[1]) throw indexError(`Target ${label} is out of bounds.`);
    const picked = pick(logSoftmax(batch, 1), target.shape, Array.from(target.data, (label, row) => row * batch.shape[1] + label));
    return reduced(negated(picked), how);
  });
  define(functional("layer_norm"), "input: Tensor, normalized_shape: sizes, weight: Tensor? = None, bias: Tensor? = None, eps: number = 1e-05", (x, shape, weight, bias, eps) => {
    if (shape.length === 0) {
      throw runtimeError("Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = []");
    }
    for (const [name, part] of [["weight", weight], ["bias", bias]]) {
      if (part && listed(part.shape) !== listed(shape)) {
        throw runtimeError(`Expected ${name} to be of same shape as normalized_shape, but got ${name} of shape ${listed(part.shape)} and normalized_shape = ${listed(shape)}`);
      }
    }
    if (listed(x.shape.slice(x.dim - shape.length)) !== listed(shape) || shape.length > x.dim) {
      throw runtimeError(`Given normalized_shape=${listed(shape)}, expected input with shape [*, ${shape.join(", ")}], but got input of size${listed(x.shape)}`);
    }
    const dims = shape.map((_, k) => x.dim - shape.length + k);
    const centred = subtract(x, reduce(x, dims, true, averaging));
    const variance = reduce(x, dims, true, spreading(0, false));
    const scale = unary(variance, (value) => 1 / sqrt(value + eps), (value, y) => -0.5 * y ** 3);
    const normed = multiply(centred, scale);
    const weighted = weight ? multiply(normed, weight) : normed;
    return bias ? add(weighted, bias) : weighted;
  });

  // New tensors
  group("New tensors");
  const filled = (shape, value, dtype = "float") => {
    const data = allocate(shape);
    return new Tensor(shape, data.fill(value), dtype);
  };
  const sized = (name, shape) => {
    if (shape.some((size) => size < 0)) throw runtimeError(`${name}: Dimension size must be non-negative.`);
    return shape;
  };
  define("torch.zeros", "*size: sizes", (shape) => filled(sized("zeros", shape), 0));
  define("torch.ones", "*size: sizes", (shape) => {
    const bad = shape.find((size) => size < 0);
    if (bad !== undefined) throw runtimeError(`Trying to create tensor with negative dimension ${bad}: ${listed(shape)}`);
    return filled(shape, 1);
  });
  define("torch.full", "size: sizes, fill_value: scalar", (shape, value) => {
    const bad = shape.find((size) => size < 0);
    if (bad !== undefined) throw runtimeError(`Trying to create tensor with negative dimension ${bad}: ${listed(shape)}`);
    return filled(shape, value.value, value.kind);
  });
  define("torch.zeros_like", "input: Tensor", (x) => filled([...x.shape], 0, x.dtype));
  define("torch.ones_like", "input: Tensor", (x) => filled([...x.shape], 1, x.dtype));
  define("torch.full_like", "input: Tensor, fill_value: number", (x, value) => filled([...x.shape], value, x.dtype));
  define("torch.eye", "n: int, m: int? = None", (n, m) => {
    if (n < 0) throw runtimeError(`n must be greater or equal to 0, got ${n}`);
    const columns = m ?? n;
    if (columns < 0) throw runtimeError(`m must be greater or equal to 0, got ${columns}`);
    const result = filled([n, columns], 0);
    for (let k = 0; k < Math.min(n, columns); k++) result.data[k * columns + k] = 1;
    return result;
  });
  define("torch.arange", "start: scalar, end: scalar? = None, step: scalar? = None", (start, end, step) => {
    const [from, to] = end === null ? [new Num(0, "int"), start] : [start, end];
    const by = step ?? new Num(1, "int");
    if (by.value === 0) throw runtimeError("step must be nonzero");
    if ((to.value - from.value) * by.value < 0) throw runtimeError("upper bound and lower bound inconsistent with step sign");
    const size = Math.ceil((to.value - from.value) / by.value);
    const dtype = [from, to, by].some(({ kind }) => kind === "float") ? "float" : "int";
    return new Tensor([size], allocate([size]).map((_, k) => from.value + k * by.value), dtype);
  });
  define("torch.linspace", "start: number, end: number, steps: int", (start, end, steps) => {
    if (steps < 0) throw runtimeError("number of steps must be non-negative");
    const step = steps > 1 ? (end - start) / (steps - 1) : 0;
    return new Tensor([steps], allocate([steps]).map((_, k) => (k < steps / 2 ? start + k * step : end - (steps - 1 - k) * step)));
  });
  const tensorFromList = (value) => {
    const shape = [];
    for (let level = value; Array.isArray(level); level = level[0]) shape.push(level.length);
    const numbers = [];
    const visit = (part, depth) => {
      if (depth < shape.length) {
        if (!Array.isArray(part)) throw new TorchError("TypeError", "not a sequence");
        if (part.length !== shape[depth]) throw new TorchError("ValueError", `expected sequence of length ${shape[depth]} at dim ${depth} (got ${part.length})`);
        part.forEach((inner) => visit(inner, depth + 1));
      } else if (Array.isArray(part)) throw new TorchError("TypeError", `must be real number, not ${part instanceof Tuple ? "tuple" : "list"}`);
      else numbers.push(part instanceof Tensor ? oneNumber(part) : part);
    };
    visit(value, 0);
    if (numbers.some((number) => !(number instanceof Num) && typeof number !== "boolean")) throw new Unknown("torch.tensor takes numbers, True and False in nested lists.");
    const kinds = numbers.map((number) => (typeof number === "boolean" ? "bool" : number.kind));
    const dtype = kinds.length === 0 ? "float" : kinds.reduce((a, b) => promote({ dtype: a }, { dtype: b }));
    return new Tensor(shape, Float64Array.from(numbers, (number) => Number(number instanceof Num ? number.value : number)), dtype);
  };
  const oneNumber = (tensor) => {
    if (tensor.numel !== 1) throw new TorchError("ValueError", "only one element tensors can be converted to Python scalars");
    return new Num(tensor.data[0], tensor.dtype);
  };
  define("torch.tensor", "data: list", (value) => {
    if (value instanceof Tensor) return constant(value.shape, value.data, value.dtype);
    return Array.isArray(value) ? tensorFromList(value) : asTensor(value);
  });

  Object.assign(VJP, { groups, operations, oneNumber, tensorFromList, matmul });
})();
