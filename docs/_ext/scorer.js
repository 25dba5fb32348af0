/* How the site's search treats more than a few words, by two hooks of Sphinx's search.

   Sphinx shows the pages that hold every word. A pasted error text or a question has words
   that the right page lacks, so `splitQuery` keeps the words that the best pages share, and
   `Scorer.score` ranks: the best pages hold the rare words, above all in the title of one
   section. A page found by its text opens at that section. An operator's own name, or that of
   its node, leads to its entry.
   `nox -s browser` measures how often the right page comes first. */
const SHOWN = 5;
const WORD = /[\p{Letter}\p{Number}_\p{Emoji_Presentation}]+/gu; // as Sphinx splits
const EXCEPTION = /\w(Error|Warning)\b/i;
let ranked = new Map(); // of the last query: the name of a page -> what was found there
let last = {}; // Sphinx splits each query twice, in lower case and as it is

function stems(text) {
  const stemmer = (stems.stemmer ??= new Stemmer());
  const words = (text.toLowerCase().match(WORD) ?? [])
    .filter((word) => !stopwords.has(word) && !/^\d+$/.test(word));
  return new Set(words.map((word) => stemmer.stemWord(word)));
}

/* Return the numbers of the pages that hold a word or, as Sphinx does, a longer one. */
function pagesWith(word) {
  const { terms, titleterms } = Search._index;
  const found = [terms, titleterms].flatMap((index) => {
    if (Object.hasOwn(index, word)) return index[word];
    const longer = Object.keys(index).filter((term) => word.length > 2 && term.includes(word));
    return longer.flatMap((term) => index[term]);
  });
  return new Set(found);
}

/* A text with an exception's name is an error; else the pages that explain lead. */
function preference(query, name) {
  if (EXCEPTION.test(query)) return name.startsWith("reference/errors/") ? 1.5 : 1;
  return /^(explanation|how-to)\//.test(name) ? 1.1 : 1;
}

/* Return the pages that hold a word of the query, the best first. */
function rank(query) {
  const { alltitles, docnames, titles } = Search._index;
  const asked = new Map([...stems(query)].map((word) => [word, pagesWith(word)]));
  const rarity = (word) => Math.log(1 + docnames.length / Math.max(1, asked.get(word).size));
  const weight = (words) => words.reduce((sum, word) => sum + rarity(word), 0);
  const pages = docnames.map((name, number) => {
    const held = [...asked.keys()].filter((word) => asked.get(word).has(number));
    return { name, held, title: 0, section: titles[number], anchor: null };
  });
  for (const [section, places] of Object.entries(alltitles)) {
    const words = [...stems(section)];
    const common = words.filter((word) => asked.has(word));
    const fit = weight(common) - (words.length - common.length) / 10;
    for (const [number, anchor] of places) {
      const page = pages[number];
      const whole = section === titles[number] ? 1.1 : 1;
      const title = fit * whole * preference(query, page.name);
      if (title > page.title) Object.assign(page, { title, section, anchor });
    }
  }
  for (const page of pages) page.score = weight(page.held) + 2 * page.title;
  return pages.filter((page) => page.held.length).sort((a, b) => b.score - a.score);
}

/* Return the words of the query that the best pages, as many as can be, have in common. */
function shared(pages) {
  for (let count = Math.min(SHOWN, pages.length); count > 0; count--) {
    const best = pages.slice(0, count);
    const words = best[0].held.filter((word) => best.every((page) => page.held.includes(word)));
    if (words.length) return words;
  }
  return [];
}

function split(query) {
  const pages = rank(query);
  const kept = shared(pages);
  ranked = new Map(pages.map((page) => [page.name, page]));
  const words = query.match(WORD) ?? [];
  return kept.length ? words.filter((word) => kept.some((stem) => stems(word).has(stem))) : words;
}

var splitQuery = (query) => {
  const asked = query.toLowerCase();
  if (last.asked !== asked) last = { asked, words: split(asked) };
  return last.words;
};

function score(result) {
  const [name, title, anchor, , own, , kind] = result;
  const page = ranked.get(name);
  if (kind === "index") {
    result[1] = `${title} > ${anchor.slice(1)}`;
    return own === 100 ? 1000 : own / 100; // the query is the whole entry, or a part
  }
  if (kind === "object" || !page) return own;
  if (kind !== "text") return 0.9 * page.score;
  if (page.anchor && page.section !== title) {
    result[1] = `${title} > ${page.section}`;
    result[2] = `#${page.anchor}`;
  }
  return page.score;
}

var Scorer = {
  score,
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
