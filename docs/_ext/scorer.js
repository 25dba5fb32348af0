/* How Sphinx's search ranks pages of the same score. A pasted error text has many words:
   the errors index comes first, in its own order. For a few words the pages that explain
   come first. */
const query = new URLSearchParams(location.search).get("q") ?? "";
const pasted = query.trim().split(/\s+/).length > 5;
const errors = [
  "shapes", "missing-v", "unused", "graph", "dtype-device", "batched", "func",
  "custom-function", "systems",
].map((name) => `reference/errors/${name}`);

function boost(page) {
  if (pasted) return errors.includes(page) ? 4 - errors.indexOf(page) / 10 : 0;
  return /^(explanation|how-to)\/(?!systems|recipes)/.test(page) ? 4 : 0;
}

var Scorer = {
  score: ([page, , , , score]) => score + boost(page),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
