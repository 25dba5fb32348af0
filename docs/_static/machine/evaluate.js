// Computes what a parsed expression says, from the operations and a few of Python's own.
(() => {
  const { ELLIPSIS, Num, Slice, Tensor, TorchError, Tuple, Unknown, asTensor, isContiguous, operations,
    oneNumber, tensorFromList } = VJP;

  const int = (value) => new Num(value, "int");
  const float = (value) => new Num(value, "float");
  const typeError = (text) => new TorchError("TypeError", text);
  const modules = { torch: "torch", F: "torch.nn.functional", math: "math" };
  const ALIASES = { axis: "dim", keepdims: "keepdim" };

  const kindOf = (value) => {
    if (value instanceof Tensor) return "Tensor";
    if (value instanceof Num) return value.kind;
    if (typeof value === "boolean") return "bool";
    if (typeof value === "string") return "str";
    if (value instanceof Tuple) return "tuple";
    if (Array.isArray(value)) return "list";
    return value === null ? "NoneType" : "another kind of object";
  };

  // What each kind of argument accepts; undefined where it doesn't fit.
  const readInt = (value) => {
    if (value instanceof Num && value.kind === "int") return value.value;
    return value instanceof Tensor && value.dtype === "int" && value.numel === 1 ? value.data[0] : undefined;
  };
  const readInts = (value) => {
    const whole = Array.isArray(value) ? [...value].map(readInt) : [readInt(value)];
    return whole.includes(undefined) ? undefined : whole;
  };
  const readNumber = (value) => {
    if (isScalar(value)) return Number(value.value ?? value);
    return value instanceof Tensor && value.numel === 1 && !value.requiresGrad ? value.data[0] : undefined;
  };
  const isScalar = (value) => value instanceof Num || typeof value === "boolean";
  const readers = {
    Tensor: (value) => (value instanceof Tensor ? value : undefined),
    operand: (value) => (value instanceof Tensor || isScalar(value) ? asTensor(value) : undefined),
    tensors: (value) => (Array.isArray(value) && value.every((part) => part instanceof Tensor) ? [...value] : undefined),
    int: readInt,
    dims: readInts,
    sizes: readInts,
    sections: (value) => readInts(value) && { sizes: readInts(value), isList: Array.isArray(value) },
    number: readNumber,
    scalar: (value) => (value instanceof Num ? value : undefined),
    order: (value) => (typeof value === "string" ? value : readNumber(value)),
    bool: (value) => (typeof value === "boolean" ? value : undefined),
    str: (value) => (typeof value === "string" ? value : undefined),
    list: (value) => (Array.isArray(value) || isScalar(value) || value instanceof Tensor ? value : undefined),
    dimOrTensor: (value) => (value instanceof Tensor && value.dtype !== "int" ? value : readInt(value)),
    dimPairs: (value) => {
      if (!Array.isArray(value)) return readInt(value);
      const pair = [...value].map(readInts);
      return pair.length === 2 && !pair.includes(undefined) ? pair : undefined;
    },
  };

  const readSignature = (text) => {
    let keywordOnly = false;
    return text.split(/, (?![)])/).flatMap((part) => {
      if (part === "*") {
        keywordOnly = true;
        return [];
      }
      const [, star, name, type, optional, fallback] = /^(\*?)(\w+): (\w+)(\??)(?: = (.*))?$/.exec(part);
      return [{ star: star === "*", name, type, optional: optional === "?", fallback, keywordOnly }];
    });
  };
  const defaults = { None: null, True: true, False: false, "()": [] };
  const fallbackOf = ({ fallback }) => {
    if (fallback in defaults) return defaults[fallback];
    return fallback.startsWith("'") ? fallback.slice(1, -1) : Number(fallback);
  };

  const missing = (name, parameter, refuse) => {
    if (name.startsWith("torch.nn.")) return refuse(`${parameter} is missing`);
    return typeError(`${name.split(".").at(-1)}() missing 1 required positional arguments: "${parameter}"`);
  };
  // torch's words where it has one signature for the name.
  const wrongKind = (name, parameter, position, value) => {
    const kinds = { Tensor: "Tensor", tensors: "tuple of Tensors", sizes: "tuple of ints" };
    const kind = kinds[parameter.type];
    if (!kind || name.startsWith("torch.nn.") || ["where", "max", "min", "einsum"].includes(name.split(".").at(-1))) return null;
    if (parameter.type === "tensors" && Array.isArray(value)) {
      const at = [...value].findIndex((part) => !(part instanceof Tensor));
      return typeError(`expected Tensor as element ${at} in argument 0, but got ${kindOf(value[at])}`);
    }
    const place = position === null ? "" : ` (position ${position + (name.startsWith("Tensor.") ? 0 : 1)})`;
    return typeError(`${name.split(".").at(-1)}(): argument '${parameter.name}'${place} must be ${kind}, not ${kindOf(value)}`);
  };
  const bind = (name, entry, values, keywords) => {
    entry.parameters ??= readSignature(entry.signature);
    const takesTuple = name.startsWith("torch.") && entry.parameters[0].name === "input";
    const refuse = (why) => new Unknown(`The machine knows ${name}(${entry.signature}); ${why}.`);
    const left = [...values];
    const named = new Map(Object.entries(keywords).map(([key, value]) => [ALIASES[key] ?? key, value]));
    const bound = entry.parameters.map((parameter, number) => {
      let value;
      const isNamed = named.has(parameter.name);
      if (isNamed) {
        value = named.get(parameter.name);
        named.delete(parameter.name);
      } else if (parameter.star) {
        const rest = left.splice(0);
        if (rest.length === 0 && parameter.name === "shape") throw missing(name, parameter.name, refuse);
        if (takesTuple && rest.length > 1) throw typeError(`${name.split(".").at(-1)}() takes ${number + 1} positional arguments but ${number + rest.length} were given`);
        if (takesTuple && rest.length === 0) throw missing(name, parameter.name, refuse);
        value = rest.length === 1 && (takesTuple || Array.isArray(rest[0])) ? rest[0] : rest;
        if (takesTuple && !Array.isArray(value)) throw wrongKind(name, parameter, number, value);
      } else if (left.length && !parameter.keywordOnly) value = left.shift();
      else if (parameter.fallback !== undefined) return fallbackOf(parameter);
      else throw missing(name, parameter.name, refuse);
      if (value === null && (parameter.optional || parameter.fallback === "None")) return null;
      const read = readers[parameter.type](value);
      if (read === undefined) throw wrongKind(name, parameter, isNamed ? null : number, value) ?? refuse(`${parameter.name} was of another kind, ${kindOf(value)}`);
      return read;
    });
    if (left.length) throw refuse(`it got ${values.length} arguments by position`);
    for (const key of named.keys()) throw refuse(`it knows no ${key}`);
    if (entry.needsDim && "keepdim" in keywords && bound[1] === null) throw refuse("keepdim needs a dim");
    return bound;
  };

  // An operation, and how its result would lie in memory: as its operands do, or unknown.
  const apply = (name, entry, values, keywords = {}) => {
    const bound = bind(name, entry, values, keywords);
    const result = entry.rule(...bound);
    const tensors = bound.flat().filter((part) => part instanceof Tensor && part.dim > 0);
    if (!entry.isView && result instanceof Tensor && !tensors.every(isContiguous)) result.strides = null;
    return result;
  };

  // A name in the list of what the machine knows, for the sentence about what it doesn't.
  const knownLike = (start) => {
    const found = [...operations.keys()].filter((name) => name.startsWith(`${start}.`) && !name.slice(start.length + 1).includes("."));
    return found.map((name) => name.slice(start.length + 1)).sort().join(", ");
  };
  const unknownName = (owner, name) =>
    new Unknown(`The machine doesn't know ${owner}.${name}. It knows of ${owner}: ${knownLike(owner)}.`);

  // Python's own functions and numbers
  const numeric = (f) => (value) => {
    const number = value instanceof Tensor ? oneNumber(value) : value;
    if (!(number instanceof Num)) throw typeError(`must be real number, not ${kindOf(value)}`);
    return float(f(number.value));
  };
  const builtins = {
    len: (value) => {
      if (Array.isArray(value)) return int(value.length);
      if (value instanceof Tensor && value.dim > 0) return int(value.shape[0]);
      throw typeError(value instanceof Tensor ? "len() of a 0-d tensor" : `object of type '${kindOf(value)}' has no len()`);
    },
    abs: (value) => (value instanceof Tensor ? method(value, "abs")([], {}) : new Num(Math.abs(value.value), value.kind)),
    float: (value) => (value === "inf" || value === "-inf" || value === "nan"
      ? float({ inf: Infinity, "-inf": -Infinity, nan: NaN }[value]) : numeric((number) => number)(value)),
    int: (value) => int(Math.trunc(numeric((number) => number)(value).value)),
    sum: (value) => {
      if (!Array.isArray(value)) throw new Unknown("The machine's sum() takes a list or a tuple; a tensor has .sum().");
      return [...value].reduce((a, b) => operate("+", a, b), int(0));
    },
  };
  const constants = {
    "torch.pi": Math.PI, "torch.e": Math.E, "torch.inf": Infinity, "torch.nan": NaN,
    "math.pi": Math.PI, "math.e": Math.E, "math.inf": Infinity, "math.nan": NaN,
  };
  const mathFunctions = Object.fromEntries(
    ["sqrt", "exp", "log", "sin", "cos", "tan", "tanh"].map((name) => [`math.${name}`, numeric(Math[name])]));

  const sizes = (shape) => Tuple.from(shape, int);
  const properties = {
    shape: (x) => sizes(x.shape),
    ndim: (x) => int(x.dim),
  };
  const inspections = {
    size: (x, [dim]) => {
      if (dim === undefined) return sizes(x.shape);
      if (x.dim === 0) throw VJP.noDimensions(readInt(dim));
      return int(x.shape[VJP.wrap(readInt(dim), x.dim)]);
    },
    dim: (x) => int(x.dim),
    numel: (x) => int(x.numel),
    nelement: (x) => int(x.numel),
    item: (x) => {
      if (x.numel === 1) return oneNumber(x);
      throw new TorchError("RuntimeError", `a Tensor with ${x.numel} elements cannot be converted to Scalar`);
    },
  };
  const method = (x, name) => {
    if (Object.hasOwn(inspections, name)) return (values) => inspections[name](x, values);
    const entry = operations.get(`Tensor.${name}`);
    if (!entry) throw unknownName("Tensor", name);
    return (values, keywords) => apply(`Tensor.${name}`, entry, [x, ...values], keywords);
  };

  const attribute = (value, name) => {
    if (typeof value === "object" && value?.module) return fromModule(value.module, name);
    if (value instanceof Tuple && value[name] instanceof Tensor) return value[name];
    if (!(value instanceof Tensor)) throw new Unknown(`The machine knows no attribute ${name} of ${kindOf(value)}.`);
    if (Object.hasOwn(properties, name)) return properties[name](value);
    const entry = operations.get(`Tensor.${name}`);
    if (entry?.isProperty) return apply(`Tensor.${name}`, entry, [value]);
    return method(value, name);
  };
  const fromModule = (module, name) => {
    const full = `${module}.${name}`;
    if (Object.hasOwn(constants, full)) return float(constants[full]);
    if (Object.hasOwn(mathFunctions, full)) return ([value]) => mathFunctions[full](value);
    if (["torch.linalg", "torch.nn", "torch.nn.functional"].includes(full)) return { module: full };
    const entry = operations.get(full);
    if (!entry) throw unknownName(module, name);
    return (values, keywords) => apply(full, entry, values, keywords);
  };

  const arithmetic = {
    "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b,
    "//": (a, b) => Math.floor(a / b), "%": (a, b) => a - Math.floor(a / b) * b, "**": (a, b) => a ** b,
  };
  const comparisons = {
    "==": (a, b) => a === b, "!=": (a, b) => a !== b, "<": (a, b) => a < b,
    "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
    "&": (a, b) => Boolean(a & b), "|": (a, b) => Boolean(a | b), "^": (a, b) => Boolean(a ^ b),
  };
  const bySign = new Map([...operations].filter(([, entry]) => entry.sign).map(([, entry]) => [entry.sign, entry]));
  const operateNumbers = (sign, left, right) => {
    const [a, b] = [left, right].map((value) => (value instanceof Num ? value : int(Number(value))));
    if (sign in comparisons) return comparisons[sign](a.value, b.value);
    if (!(sign in arithmetic)) throw typeError(`unsupported operand type(s) for ${sign}: '${kindOf(left)}' and '${kindOf(right)}'`);
    const ints = a.kind === "int" && b.kind === "int";
    if (["/", "//", "%"].includes(sign) && b.value === 0) {
      const words = { "/": ints ? "division by zero" : "float division by zero", "//": ints ? "integer division or modulo by zero" : "float floor division by zero", "%": ints ? "integer modulo by zero" : "float modulo" };
      throw new TorchError("ZeroDivisionError", words[sign]);
    }
    const staysInt = ints && sign !== "/" && !(sign === "**" && b.value < 0);
    return new Num(arithmetic[sign](a.value, b.value), staysInt ? "int" : "float");
  };
  const operate = (sign, left, right) => {
    if (left instanceof Tensor || right instanceof Tensor) {
      const entry = bySign.get(sign);
      if (!entry) throw new Unknown(`The machine knows no ${sign} between tensors.`);
      const fits = [left, right].every((value) => value instanceof Tensor || (isScalar(value) && sign !== "@"));
      const isSequence = (value) => typeof value === "string" || Array.isArray(value);
      if (sign === "*" && [left, right].some(isSequence)) throw typeError("only integer tensors of a single element can be converted to an index");
      if (!fits) throw typeError(`unsupported operand type(s) for ${sign}: '${kindOf(left)}' and '${kindOf(right)}'`);
      return apply(entry.names[0], entry, [left, right]);
    }
    if (isScalar(left) && isScalar(right)) return operateNumbers(sign, left, right);
    if (sign === "+" && left instanceof Tuple && right instanceof Tuple) return Tuple.from([...left, ...right]);
    throw typeError(`unsupported operand type(s) for ${sign}: '${kindOf(left)}' and '${kindOf(right)}'`);
  };

  const negate = (sign, value) => {
    if (sign === "not") return !truth(value);
    if (value instanceof Num) return sign === "~" ? int(~value.value) : new Num(sign === "-" ? -value.value : value.value, value.kind);
    if (typeof value === "boolean") return int(sign === "-" ? -Number(value) : Number(value));
    if (!(value instanceof Tensor)) throw typeError(`bad operand type for unary ${sign}: '${kindOf(value)}'`);
    if (sign === "+") return value;
    if (sign === "-" && value.dtype === "bool") {
      throw new TorchError("RuntimeError", "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.");
    }
    if (sign === "-") return method(value, "neg")([], {});
    if (value.dtype === "float") throw typeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors");
    return value.dtype === "bool" ? method(value, "logical_not")([], {}) : VJP.constant(value.shape, value.data.map((number) => ~number), "int");
  };
  const truth = (value) => {
    if (value instanceof Num) return value.value !== 0;
    if (!(value instanceof Tensor)) return Boolean(value);
    if (value.numel === 1) return value.data[0] !== 0;
    throw new TorchError("RuntimeError", `Boolean value of Tensor with ${value.numel ? "more than one value" : "no values"} is ambiguous`);
  };

  const subscript = (value, index) => {
    if (value instanceof Tensor) return VJP.subscript(value, index);
    if (!Array.isArray(value)) throw typeError(`'${kindOf(value)}' object is not subscriptable`);
    if (index instanceof Slice) {
      const edge = (end) => (end === null ? undefined : readInt(end));
      return value.slice(edge(index.start), edge(index.stop));
    }
    const at = readInt(index);
    const item = at === undefined ? undefined : [...value].at(at);
    if (item === undefined) throw new TorchError("IndexError", `${kindOf(value)} index out of range`);
    return item;
  };

  const evaluate = (tree, names) => {
    const visit = (part) => evaluate(part, names);
    switch (tree.kind) {
      case "int": case "float": return new Num(tree.value, tree.kind);
      case "string": return tree.value;
      case "ellipsis": return ELLIPSIS;
      case "list": return tree.values.map(visit);
      case "tuple": return Tuple.from(tree.values.map(visit));
      case "slice": return new Slice(...[tree.start, tree.stop, tree.step].map((edge) => (edge === null ? null : visit(edge))));
      case "unary": return negate(tree.sign, visit(tree.value));
      case "binary": return operate(tree.sign, visit(tree.left), visit(tree.right));
      case "choice": return truth(visit(tree.condition)) ? visit(tree.value) : visit(tree.other);
      case "attribute": return attribute(visit(tree.value), tree.name);
      case "subscript": return subscript(visit(tree.value), visit(tree.index));
      case "call": return call(tree, visit);
      default: return lookUp(tree.name, names);
    }
  };
  const call = (tree, visit) => {
    const called = visit(tree.function);
    if (typeof called !== "function") throw typeError(`'${kindOf(called)}' object is not callable`);
    const keywords = Object.fromEntries(Object.entries(tree.keywords).map(([key, part]) => [key, visit(part)]));
    return called(tree.values.map(visit), keywords);
  };
  const LITERALS = { True: true, False: false, None: null };
  const lookUp = (name, names) => {
    if (Object.hasOwn(names, name)) return names[name];
    if (Object.hasOwn(LITERALS, name)) return LITERALS[name];
    if (Object.hasOwn(modules, name)) return { module: modules[name] };
    if (Object.hasOwn(builtins, name)) return ([value]) => builtins[name](value);
    if (["max", "min", "range", "round", "pow", "list", "tuple", "zip", "map", "print"].includes(name)) {
      throw new Unknown(`The machine doesn't know Python's ${name}. It knows of Python: ${Object.keys(builtins).join(", ")}.`);
    }
    throw new TorchError("NameError", `name '${name}' is not defined`);
  };

  // A tensor from an expression or a list.
  const read = (text, names = {}) => {
    const value = evaluate(VJP.parse(text), names);
    if (Array.isArray(value) && [...value].some((part) => part instanceof Tensor)) {
      throw new Unknown(`This is a ${kindOf(value)} of tensors; take one of them, with [0] or .values, or join them with torch.stack.`);
    }
    if (Array.isArray(value)) return tensorFromList(value);
    if (isScalar(value)) return asTensor(value);
    if (value instanceof Tensor) return value;
    throw new Unknown(`This is no tensor, but ${kindOf(value)}.`);
  };

  Object.assign(VJP, { evaluate, read, truth });
})();
