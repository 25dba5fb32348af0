// One call of torch.autograd.grad, from the texts of its parts to its result or its error.
(() => {
  const { Tensor, TorchError, jacobian, leaf, numelOf, pull, push, read, sizeText } = VJP;

  const RESERVED = ["y", "v", "u", "L", "z"];
  const WEIGHTS = "dL/dy"; // the v that an expression L gives
  const IDENTIFIER = /^[A-Za-z_]\w*$/;

  const asFloats = (tensor) => (tensor.dtype === "float" ? tensor : new Tensor(tensor.shape, tensor.data));

  // What went wrong, and in which of the texts.
  class Failure extends Error {
    constructor(part, error) {
      super(error.message);
      Object.assign(this, { part, kind: error.kind ?? null, text: error.message });
    }
  }
  const attempt = (part, compute) => {
    try {
      return compute();
    } catch (error) {
      if (error instanceof TorchError || error instanceof VJP.Unknown) throw new Failure(part, error);
      throw error;
    }
  };

  const scalarOnly = () => new TorchError("RuntimeError", "grad can be implicitly created only for scalar outputs");
  const withoutGraph = () => new TorchError("RuntimeError", "element 0 of tensors does not require grad and does not have a grad_fn");
  const unlikeShapes = (v, y) => new TorchError("RuntimeError",
    `Mismatch in shape: grad_output[0] has a shape of ${sizeText(v.shape)} and output[0] has a shape of ${sizeText(y.shape)}.`);
  const unused = () => new TorchError("RuntimeError",
    "The differentiated Tensor at index 0 appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior.");

  // What torch checks before it starts. v may be null, as in a call without grad_outputs.
  const checkCall = (output, v) => {
    if (v === null && output.requiresGrad && output.numel !== 1) throw scalarOnly();
    if (v !== null && v.shape.join() !== output.shape.join()) throw unlikeShapes(v, output);
    if (!output.requiresGrad) throw withoutGraph();
  };
  const grad = (output, input, v) => {
    checkCall(output, v);
    const weights = v ?? new Tensor(output.shape, new Float64Array([1]));
    const sums = pull(output, input, weights.data);
    if (sums === null) throw unused();
    return new Tensor(input.shape, sums);
  };

  const readWeights = (state, names, output) => {
    const text = (state.v ?? "").trim();
    if (state.L && (text === "" || text === WEIGHTS)) {
      const L = attempt("L", () => read(state.L, names));
      return { L, v: attempt("L", () => grad(L, output, null)) };
    }
    if (text === "" || text === "None") return { L: null, v: null };
    return { L: null, v: attempt("v", () => asFloats(read(text, names))) };
  };

  const readNames = (state) => {
    const names = {};
    const given = Object.keys(state).filter((name) =>
      !RESERVED.includes(name) && IDENTIFIER.test(name) && (state[name] ?? "").trim() !== "");
    for (const name of ["x", ...given.filter((other) => other !== "x")]) {
      const value = attempt(name, () => asFloats(read(state[name] ?? "", names)));
      names[name] = name === "x" ? leaf(value.shape, value.data) : new Tensor(value.shape, value.data);
    }
    return names;
  };

  const compute = (state) => {
    const seen = { state };
    try {
      const names = readNames(state);
      Object.assign(seen, { names, x: names.x });
      const y = attempt("y", () => read(state.y, names));
      seen.y = names.y = y;
      if (state.z) seen.z = names.z = attempt("z", () => read(state.z, names));
      const output = seen.z ?? y;
      Object.assign(seen, readWeights(state, names, output));
      if (y.requiresGrad) seen.J = attempt("y", () => jacobian(y, names.x));
      seen.result = attempt("v", () => grad(output, names.x, seen.v));
      seen.weights = seen.v ?? new Tensor(output.shape, new Float64Array([1]));
      if (seen.z) Object.assign(seen, secondStep(seen));
      if (state.u) Object.assign(seen, tangent(state, seen, output));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      seen.error = error;
      seen.mended = mend(state, error, seen);
    }
    return seen;
  };

  // Back from z in two calls: first to y, then on to x.
  const secondStep = ({ y, z, x, weights }) => {
    const atY = attempt("z", () => grad(z, y, weights));
    return { Jz: jacobian(z, y), atY, inTwo: grad(y, x, atY) };
  };

  // The JVP, and the number that it shares with the VJP.
  const tangent = (state, { names, x, result, weights }, output) => {
    const u = attempt("u", () => {
      const value = asFloats(read(state.u, names));
      if (value.shape.join() !== x.shape.join()) {
        throw new VJP.Unknown(`u must have the shape of x, ${sizeText(x.shape)}, and has ${sizeText(value.shape)}.`);
      }
      return value;
    });
    const Ju = new Tensor(output.shape, push(x, output, u.data));
    const inner = (a, b) => a.data.reduce((sum, value, k) => sum + value * b.data[k], 0);
    return { u, Ju, shared: [inner(weights, Ju), inner(result, u)] };
  };

  // A call that works: of the wrong part, the first small change that torch accepts.
  const mendWeights = ({ y, z, v }) => {
    const output = z ?? y;
    const name = z ? "z" : "y";
    if (!output.requiresGrad) return null;
    if (v && v.numel === output.numel && v.numel > 1) return { part: "v", change: (text) => `(${text}).reshape(${name}.shape)` };
    return { part: "v", change: () => `torch.ones_like(${name})` };
  };
  const replacements = (text, names) => {
    const found = [];
    const each = (pattern, write) => {
      for (const match of text.matchAll(pattern)) {
        found.push(text.slice(0, match.index) + write(match) + text.slice(match.index + match[0].length));
      }
    };
    for (const [name, value] of Object.entries(names)) {
      const alone = new RegExp(`(?<![\\w.])${name}(?!\\w)`, "g");
      if (value.dim === 2) each(alone, () => `${name}.T`);
    }
    each(/([\w.]+) @ ([\w.]+)/g, ([, left, right]) => `${right} @ ${left}`);
    for (const [name, value] of Object.entries(names)) {
      const alone = new RegExp(`(?<![\\w.])${name}(?!\\w)`, "g");
      if (value.dim >= 1) each(alone, () => `${name}.unsqueeze(-1)`);
      if (value.dim >= 1) each(alone, () => `${name}.flatten()`);
    }
    each(/dim=-?\d+/g, () => "dim=-1");
    each(/\((-?\d+)\)/g, () => "(-1)");
    each(/\[(-?\d+)\]/g, () => "[-1]");
    each(/reshape\([^()]*\)/g, () => "reshape(-1)");
    each(/\.view\(/g, () => ".reshape(");
    return found;
  };
  const works = (text, names) => {
    try {
      return read(text, names).requiresGrad;
    } catch {
      return false;
    }
  };
  const mend = (state, { part, kind, text: said }, seen) => {
    if (kind === null || kind === "SyntaxError" || /not have been used/.test(said)) return null;
    const { names } = seen;
    if (part === "v" && seen.y && seen.v !== undefined) {
      const repair = mendWeights(seen);
      return repair && { part: "v", text: repair.change((state.v ?? "").trim()) };
    }
    if (!["y", "z"].includes(part) || !names) return null;
    const text = replacements(state[part], names).find((candidate) => works(candidate, names));
    return text ? { part, text } : null;
  };

  // The program in torch that does the same.
  const tensorText = (text, tensor) =>
    (/^\s*[[(]|^[-\d.\s]+$/.test(text) ? `torch.tensor(${VJP.nested(tensor)})` : text.trim());
  const assigned = ({ state, names }) => Object.entries(names)
    .filter(([name]) => !["y", "z"].includes(name))
    .map(([name, tensor]) => {
      const text = tensorText(state[name], tensor);
      if (name !== "x") return `${name} = ${text}`;
      return text.startsWith("torch.tensor(")
        ? `x = ${text.slice(0, -1)}, requires_grad=True)`
        : `x = (${text}).detach().requires_grad_()`;
    });
  const weightsLine = (seen, output, more) => {
    const { state, v } = seen;
    if (v === undefined && state.v && state.v !== WEIGHTS) return [`v = ${state.v}`];
    if (seen.L || (state.L && v === undefined)) return [`L = ${state.L}`, `(v,) = torch.autograd.grad(L, ${output}, retain_graph=True)`];
    if (v === null || v === undefined) return [];
    return [`v = ${tensorText(state.v, v)}${more}`];
  };
  const imports = (texts) => [
    ...(/\bmath\./.test(texts) ? ["import math", ""] : []), "import torch",
    ...(/\bF\./.test(texts) ? ["import torch.nn.functional as F"] : []),
    "", "torch.set_default_dtype(torch.float64)  # as the machine computes", "",
  ];
  const program = (seen) => {
    const { state, z, v, u } = seen;
    if (!seen.y) return null;
    const output = z ? "z" : "y";
    const passed = v === null ? "" : ", grad_outputs=v";
    const again = z ? ", retain_graph=True" : "";
    const lines = [
      ...imports(Object.values(state).join(" ")), ...assigned(seen),
      `y = ${state.y}  # ${shapeText(seen.y)}`,
      ...(z ? [`z = ${state.z}  # ${shapeText(z)}`] : []),
      ...weightsLine(seen, output, v ? `  # ${shapeText(v)}` : ""),
      `(result,) = torch.autograd.grad(${output}, x${passed}${again})`,
      "print(result)",
    ];
    if (z) {
      lines.push("", "# In two calls, which see the path through y alone:",
        `(at_y,) = torch.autograd.grad(z, y${passed}, retain_graph=True)`,
        "(in_two,) = torch.autograd.grad(y, x, grad_outputs=at_y)", "print(at_y, in_two)");
    }
    if (u) {
      lines.push("", "# Forward, with u:", `u = ${tensorText(state.u, u)}`,
        `def f(x):\n    y = ${state.y}\n    return ${z ? state.z : "y"}`,
        "_, Ju = torch.autograd.functional.jvp(f, x.detach(), u)", "print(Ju)");
    }
    return `${lines.join("\n")}\n`;
  };
  const shapeText = ({ shape }) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

  // The state in an address: the part after #, as name=text pairs.
  const readAddress = (hash) => Object.fromEntries(hash.replace(/^#/, "").split("&").filter(Boolean).map((pair) => {
    const at = pair.indexOf("=");
    const decode = (text) => {
      try {
        return decodeURIComponent(text);
      } catch {
        return text;
      }
    };
    return [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
  }));
  const writeAddress = (state) => `#${Object.entries(state)
    .filter(([, text]) => (text ?? "").trim() !== "")
    .map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join("&")}`;

  // How one entry of the result comes about: 1·3 + 10·0 + 2·(−4) = −5.
  const factor = (value) => VJP.short(value).replace(/^−.*/, "($&)");
  const sumText = (weights, J, column) => {
    const columns = J.numel / weights.numel;
    const terms = Array.from(weights.data, (weight, row) => `${factor(weight)}·${factor(J.data[row * columns + column])}`);
    const total = weights.data.reduce((sum, weight, row) => sum + weight * J.data[row * columns + column], 0);
    return `${terms.join(" + ")} = ${VJP.short(total)}`;
  };

  Object.assign(VJP, { compute, grad, program, readAddress, shapeText, sumText, writeAddress, WEIGHTS, numelOf });
})();
