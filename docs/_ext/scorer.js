/* How Sphinx's search ranks pages of the same score: for a pasted error text the errors
   index comes first, for a few words the pages that explain. */
const query = new URLSearchParams(location.search).get("q") ?? "";
const pasted = query.trim().split(/\s+/).length > 5;
const first = pasted ? /^reference\/errors\// : /^(explanation|how-to)\/(?!systems|recipes)/;

var Scorer = {
  score: ([page, , , , score]) => score + (first.test(page) ? 4 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
