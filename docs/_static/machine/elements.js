// What the pages share: HTML elements, and the indices of a tensor's entries.
(() => {
  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null) made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  };
  // All indices of a shape, in the order of the entries.
  const indices = (shape) => {
    const steps = VJP.contiguous(shape);
    return Array.from({ length: VJP.numelOf(shape) }, (_, at) =>
      shape.map((size, axis) => Math.floor(at / steps[axis]) % size));
  };

  Object.assign(VJP, { element, indices });
})();
