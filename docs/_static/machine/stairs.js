// The chain rule as stairs: forward up to z, back down to x, one move at a time.
// A level holds a tensor and its cotangent, which have one shape.
(() => {
  const { element } = VJP;
  const PAUSE = 1200; // milliseconds between two moves
  const MOST_WORDS = 72;
  const LAST = 5; // the number of the stop dL/dx
  const PASSED = 4; // that of dL/dy, which one call doesn't return

  const numbers = (tensor) => {
    const text = VJP.nested(tensor, VJP.short);
    return text.length > MOST_WORDS ? `${text.slice(0, MOST_WORDS)}…` : text;
  };

  class Stairs {
    // node: the group with its list and its buttons; onMove is told where the walk stands.
    constructor(node, onMove) {
      Object.assign(this, { node, onMove, at: LAST, timer: null });
      this.inOne = node.querySelector("input");
      this.list = node.querySelector("ol");
      this.playing = node.querySelector("[data-step='play']");
      node.addEventListener("click", ({ target }) => this.press(target.closest("button")?.dataset.step));
      this.inOne.addEventListener("change", () => this.show(this.seen));
    }
    get stops() { return this.inOne.checked ? [0, 1, 2, 3, LAST] : [0, 1, 2, 3, PASSED, LAST]; }

    show(seen) {
      this.seen = seen;
      this.node.hidden = !seen.z || !seen.result;
      if (this.node.hidden) return this.pause();
      if (!this.stops.includes(this.at)) this.at = LAST;
      this.list.replaceChildren(...this.levels().map((level, stop) => this.stopOf(level, stop)));
      this.node.querySelector("[data-step='-1']").disabled = this.at === 0;
      this.node.querySelector("[data-step='1']").disabled = this.at === LAST;
      return this.onMove(this.at);
    }
    levels() {
      const { x, y, z, weights, atY, inTwo, result, J, Jz, state } = this.seen;
      const passed = state.v || state.L ? ", grad_outputs=v" : "";
      const one = this.inOne.checked;
      return [
        ["x", x, "the input"],
        ["y", y, `↑ y = ${state.y}`],
        ["z", z, `↑ z = ${state.z}`],
        ["dL/dz", weights, "→ v, in the shape of z"],
        ["dL/dy", atY, one ? "↓ inside the call, and not returned" : `↓ torch.autograd.grad(z, y${passed}), by J of z ${VJP.shapeText(Jz)}`],
        ["dL/dx", one ? result : inTwo, one ? `↓ torch.autograd.grad(z, x${passed})` : `↓ torch.autograd.grad(y, x, grad_outputs=dL_dy), by J of y ${VJP.shapeText(J)}`],
      ];
    }
    stopOf([name, tensor, how], stop) {
      const kinds = [stop > this.at ? "later" : "", this.stops.includes(stop) ? "" : "passed"];
      return element("li", { class: kinds.join(" ").trim() || null, "aria-current": stop === this.at ? "step" : null },
        element("span", { class: "how" }, how),
        element("span", {}, element("b", {}, `${name} ${VJP.shapeText(tensor)}`), " ", element("code", {}, numbers(tensor))));
    }
    press(step) {
      if (step === undefined) return;
      if (step === "play") {
        if (this.timer !== null) this.pause();
        else this.play();
      } else {
        this.pause();
        this.move(Number(step));
      }
    }
    move(by) {
      const place = this.stops.indexOf(this.at) + by;
      this.at = this.stops[Math.min(Math.max(place, 0), this.stops.length - 1)];
      this.show(this.seen);
    }
    play() {
      if (this.at === LAST) this.at = 0;
      this.show(this.seen);
      this.playing.textContent = "Pause";
      this.timer = setInterval(() => {
        this.move(1);
        if (this.at === LAST) this.pause();
      }, PAUSE);
    }
    pause() {
      clearInterval(this.timer);
      this.timer = null;
      this.playing.textContent = "Play";
    }
  }

  VJP.Stairs = Stairs;
})();
