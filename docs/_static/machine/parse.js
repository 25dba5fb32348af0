// Reads a Python expression into a tree. No names are looked up here.
(() => {
  const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|('[^']*'|"[^"]*")|(\.\.\.|\*\*|\/\/|==|!=|<=|>=|[-+*/@%&|^~<>()[\]{},.:=]))/y;
  const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];
  const LEVELS = [["|"], ["^"], ["&"], ["+", "-"], ["*", "/", "//", "%", "@"]];

  const syntaxError = (text) => new VJP.TorchError("SyntaxError", text);

  const tokens = (text) => {
    const found = [];
    TOKEN.lastIndex = 0;
    while (text.slice(TOKEN.lastIndex).trim() !== "") {
      const start = TOKEN.lastIndex;
      const match = TOKEN.exec(text);
      if (!match) throw syntaxError(`invalid syntax: can't read ${text.slice(start).trim().slice(0, 20)}`);
      const [, number, name, string, sign] = match;
      if (number !== undefined) found.push({ kind: "number", text: number });
      else if (name !== undefined) found.push({ kind: "name", text: name });
      else if (string !== undefined) found.push({ kind: "string", text: string.slice(1, -1) });
      else found.push({ kind: "sign", text: sign });
    }
    found.push({ kind: "end", text: "the end" });
    return found;
  };

  class Parser {
    constructor(text) {
      this.tokens = tokens(text);
      this.at = 0;
    }
    get next() { return this.tokens[this.at]; }
    is(text) { return this.next.text === text && ["sign", "name"].includes(this.next.kind); }
    accept(text) {
      if (!this.is(text)) return false;
      this.at++;
      return true;
    }
    expect(text) {
      if (!this.accept(text)) throw syntaxError(`invalid syntax: expected ${text}, got ${this.next.text}`);
    }
    // value, or value if condition else other
    expression() {
      const value = this.negation();
      if (!this.accept("if")) return value;
      const condition = this.negation();
      this.expect("else");
      return { kind: "choice", condition, value, other: this.expression() };
    }
    negation() {
      if (this.accept("not")) return { kind: "unary", sign: "not", value: this.negation() };
      return this.comparison();
    }
    comparison() {
      let left = this.operators(0);
      while (this.next.kind === "sign" && COMPARISONS.includes(this.next.text)) {
        const sign = this.tokens[this.at++].text;
        if (left.kind === "binary" && COMPARISONS.includes(left.sign) && !left.grouped) {
          throw syntaxError("chained comparisons aren't supported: write (a < b) & (b < c)");
        }
        left = { kind: "binary", sign, left, right: this.operators(0) };
      }
      return left;
    }
    operators(level) {
      if (level === LEVELS.length) return this.sign();
      let left = this.operators(level + 1);
      while (this.next.kind === "sign" && LEVELS[level].includes(this.next.text)) {
        const sign = this.tokens[this.at++].text;
        left = { kind: "binary", sign, left, right: this.operators(level + 1) };
      }
      return left;
    }
    sign() {
      for (const sign of ["-", "+", "~"]) {
        if (this.accept(sign)) return { kind: "unary", sign, value: this.sign() };
      }
      return this.power();
    }
    power() {
      const base = this.postfix();
      if (!this.accept("**")) return base;
      return { kind: "binary", sign: "**", left: base, right: this.sign() };
    }
    postfix() {
      let value = this.atom();
      for (;;) {
        if (this.accept("(")) value = { kind: "call", function: value, ...this.callArguments() };
        else if (this.accept("[")) value = { kind: "subscript", value, index: this.subscript() };
        else if (this.accept(".")) {
          if (this.next.kind !== "name") throw syntaxError("invalid syntax: expected a name after .");
          value = { kind: "attribute", value, name: this.tokens[this.at++].text };
        } else return value;
      }
    }
    callArguments() {
      const values = [];
      const keywords = {};
      while (!this.accept(")")) {
        const following = this.tokens[this.at + 1];
        if (this.next.kind === "name" && following.kind === "sign" && following.text === "=") {
          const { text } = this.next;
          this.at += 2;
          if (Object.hasOwn(keywords, text)) throw syntaxError(`keyword argument repeated: ${text}`);
          keywords[text] = this.expression();
        } else {
          if (Object.keys(keywords).length) throw syntaxError("positional argument follows keyword argument");
          values.push(this.expression());
        }
        if (!this.is(")")) this.expect(",");
      }
      return { values, keywords };
    }
    subscript() {
      const parts = [];
      let isTuple = false;
      while (!this.is("]")) {
        parts.push(this.slice());
        if (this.is("]")) break;
        this.expect(",");
        isTuple = true;
      }
      this.expect("]");
      if (parts.length === 0) throw syntaxError("invalid syntax: expected an index between [ and ]");
      return isTuple ? { kind: "tuple", values: parts } : parts[0];
    }
    slice() {
      const edge = () => (this.is(":") || this.is(",") || this.is("]") ? null : this.expression());
      const start = edge();
      if (!this.accept(":")) {
        if (start === null) throw syntaxError("invalid syntax: expected an index");
        return start;
      }
      const stop = edge();
      return { kind: "slice", start, stop, step: this.accept(":") ? edge() : null };
    }
    atom() {
      const token = this.tokens[this.at++];
      if (token.kind === "number") return this.number(token.text);
      if (token.kind === "name") return { kind: "name", name: token.text };
      if (token.kind === "string") return { kind: "string", value: token.text };
      if (token.text === "...") return { kind: "ellipsis" };
      if (token.text === "[") return { kind: "list", values: this.sequence("]").values };
      if (token.text === "(" && token.kind === "sign") {
        const { values, isTuple } = this.sequence(")");
        return isTuple ? { kind: "tuple", values } : { ...values[0], grouped: true };
      }
      throw syntaxError(token.kind === "end" ? "invalid syntax: the expression ends too early" : `invalid syntax: unexpected ${token.text}`);
    }
    number(text) {
      if (this.next.kind === "name" && /^[jJ]$/.test(this.next.text)) {
        throw new VJP.Unknown("The machine knows real numbers only.");
      }
      const isInt = /^\d+$/.test(text);
      return { kind: isInt ? "int" : "float", value: Number(text) };
    }
    sequence(end) {
      const values = [];
      let isTuple = this.is(end);
      while (!this.accept(end)) {
        values.push(this.expression());
        if (this.accept(",")) isTuple = true;
        else if (!this.is(end)) throw syntaxError(`invalid syntax: expected , or ${end}, got ${this.next.text}`);
      }
      return { values, isTuple };
    }
  }

  const parse = (text) => {
    const parser = new Parser(text);
    const tree = parser.expression();
    if (parser.accept(",")) throw new VJP.Unknown("An expression gives one tensor; torch.stack or torch.cat join several.");
    if (parser.accept("=")) throw syntaxError("write the expression alone, without a name and =");
    if (parser.next.kind !== "end") throw syntaxError(`invalid syntax: unexpected ${parser.next.text}`);
    return tree;
  };

  VJP.parse = parse;
})();
