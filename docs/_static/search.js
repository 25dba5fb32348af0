/* Ranks the parts of pages, from the index that docs/_ext/search_index.py writes.

   The measure is BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009):
   words count more the rarer they are, and less the longer the text. A page has the score of
   its best part, with that part's title, plus its own, with its title and description.
   `nox -s browser` measures how often the right page comes first. */
const SATURATION = 1.2; // k1 and b of BM25, as they are usually taken
const LENGTH = 0.75;
const ABOUT = 0.5; // of a page's title and description, against its text
const SHOWN = 20;
const FEW = 5; // texts that hold a name: then its parts are looked for too
const WORD = /[\p{Letter}\p{Number}_]+/gu;
const EXCEPTION = /\w(Error|Warning)\b/;
const SEVERAL = 4; // words that one title holds nearly all of: they are quoted from it
const NEARLY = 0.8;
const SPHINX_HIGHLIGHT_ENABLED = false; // as Sphinx's scripts call it

Object.assign(Documentation.TRANSLATIONS, {
  "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
    "No page holds these words. What there is to find is listed above.",
  "Search finished, found one page matching the search query.": [
    "One page holds some of these words.",
    `\${resultCount} pages, the best first (at most ${SHOWN} are shown).`,
  ],
});

function stems(text) {
  const stemmer = (stems.stemmer ??= new Stemmer());
  return (text.toLowerCase().match(WORD) ?? [])
    .flatMap((word) => (word.includes("_") ? [word, ...word.split("_")] : [word]))
    .filter((word) => word && !stopwords.has(word) && !/^\d+$/.test(word))
    .map((word) => stemmer.stemWord(word));
}

/* Texts that are known by how often they hold each word, as search_index.py's _places says;
   `whole` gives the number of the text that a listed one is a part of. */
class Texts {
  constructor(index, size, whole = (part) => part) {
    this.index = index;
    this.whole = whole;
    this.lengths = new Array(size).fill(0);
    for (const places of Object.values(index))
      this.each(places, (text, count) => { this.lengths[text] += count; });
    this.mean = this.lengths.reduce((sum, length) => sum + length, 0) / size;
  }

  /* Call back with each text that holds a word, and how often. */
  each(places, found) {
    const { most } = Search._index;
    let part = 0;
    for (const place of places) {
      part += Math.floor(place / most);
      found(this.whole(part), (place % most) + 1);
    }
  }

  /* Return how often each text holds a word or, where none does, one that it begins. */
  counts(word) {
    const longer = ([other]) => word.length > 2 && other.startsWith(word);
    const found = Object.hasOwn(this.index, word)
      ? [[word, this.index[word]]]
      : Object.entries(this.index).filter(longer);
    const counts = new Map();
    for (const [, places] of found)
      this.each(places, (text, count) => counts.set(text, (counts.get(text) ?? 0) + count));
    return counts;
  }

  /* Return how many of the words each text holds. */
  held(words) {
    const held = new Map();
    for (const text of words.flatMap((word) => [...this.counts(word).keys()]))
      held.set(text, (held.get(text) ?? 0) + 1);
    return held;
  }

  /* Return the score of each text that holds one of the words. */
  rank(words) {
    const scores = new Map();
    for (const counts of words.map((word) => this.counts(word))) {
      const others = this.lengths.length - counts.size;
      const rarity = Math.log(1 + (others + 0.5) / (counts.size + 0.5));
      for (const [text, count] of counts) {
        const length = 1 - LENGTH + (LENGTH * this.lengths[text]) / this.mean;
        const weight = (count * (SATURATION + 1)) / (count + SATURATION * length);
        scores.set(text, (scores.get(text) ?? 0) + rarity * weight);
      }
    }
    return scores;
  }
}

/* The parts of all pages, with what is searched of them and of whole pages. */
class Library {
  constructor({ pages, words, names, abouts }) {
    this.parts = pages.flatMap(({ parts }, page) =>
      parts.map(([anchor, title = anchor]) => ({ page, anchor, title })));
    this.texts = new Texts(words, this.parts.length);
    this.titles = new Texts(names, this.parts.length);
    this.pages = new Texts(words, pages.length, (part) => this.parts[part].page);
    this.abouts = new Texts(abouts, pages.length);
  }

  /* Return of each page that holds one of the words its best part, with its score. */
  best(words) {
    const titles = this.titles.rank(words);
    const best = new Map();
    for (const [number, score] of this.texts.rank(words)) {
      const part = { ...this.parts[number], score: score + (titles.get(number) ?? 0) };
      if (part.score > (best.get(part.page)?.score ?? 0)) best.set(part.page, part);
    }
    return [...best.values()];
  }

  /* Return the pages with a title that the words are quoted from. */
  quoted(words) {
    const enough = Math.max(SEVERAL, NEARLY * words.length);
    const titles = [...this.titles.held(words)].filter(([, count]) => count >= enough);
    return new Set(titles.map(([number]) => this.parts[number].page));
  }
}

/* Return a title without its subtitle, as the menu shows it. */
const short = (title) => title.split(": ", 1)[0];

/* A text with an exception's name, or quoted, is an error; up to three words want an explanation. */
function preference(name, query, words, isQuoted) {
  const [folder, inner] = name.split("/");
  const treatsErrors = inner === "errors";
  if (treatsErrors && isQuoted) return 1.5;
  if (EXCEPTION.test(query)) return treatsErrors ? 1.5 : 1;
  if (folder === "operators") return 0.8;
  const explains = folder === "explanation" || folder === "how-to";
  return explains && words.length < 4 ? 1.5 : 1;
}

/* Return whether a page has the query as its name: grad-outputs for "grad_outputs". */
function isNamed(name, words) {
  const [whole, ...parts] = stems(name.split("/").pop().replaceAll("-", "_"));
  return words.includes(whole) && words.every((word) => word === whole || parts.includes(word));
}

/* Return the words of a query, and the parts of a name that few texts hold. */
function asked(query) {
  const known = (name) => Search._index.words[name]?.length > FEW;
  const words = (query.match(WORD) ?? []).map(stems);
  return [...new Set(words.flatMap(([name, ...parts]) => (known(name) ? name : [name, ...parts])))]
    .filter(Boolean);
}

/* Return what Sphinx lists, the best last: page, title, anchor, description, score. */
function search(query) {
  const { pages } = Search._index;
  const { library } = search;
  const words = asked(query);
  const own = library.pages.rank(words);
  const abouts = library.abouts.rank(words);
  const quoted = library.quoted(words);
  const hits = library.best(words).map(({ page, anchor, title, score }) => {
    const { name, title: whole } = pages[page];
    const sum = score + own.get(page) + ABOUT * (abouts.get(page) ?? 0);
    const total = sum * preference(name, query, words, quoted.has(page)) * (isNamed(name, words) ? 2 : 1);
    const top = title === whole || words.every((word) => stems(whole).includes(word));
    const [shown, place] = top ? [whole, ""] : [`${short(whole)} > ${title}`, `#${anchor}`];
    return [name, shown, place, null, total, null, "text"];
  });
  return hits.sort((a, b) => a[4] - b[4]).slice(-SHOWN);
}

Search._performSearch = search;

/* A query in the address waits for the index, and is answered in a task of its own. */
const answer = Search.setIndex;
Search.setIndex = (index) => {
  Search._index = index;
  search.library = new Library(index);
  setTimeout(answer, 0, index);
};

/* Says under each hit where its page stands and what that is about. */
const about = (hit) => {
  const [address] = hit.querySelector("a").getAttribute("href").split(".html");
  const { place, description } = Search._index.pages.find(({ name }) => name === address);
  for (const [name, text] of [["hit-place", place], ["hit-description", description]]) {
    const line = document.createElement("p");
    line.className = name; // whole, since rules for names that no file holds are dropped
    line.textContent = text;
    hit.append(line);
  }
};
new MutationObserver((changes) => {
  const added = changes.flatMap((change) => [...change.addedNodes]);
  added.filter((node) => node.nodeName === "LI").forEach(about);
  added.filter((node) => node.matches?.(".search-summary")).forEach((node) => { node.role = "status"; });
}).observe(document.getElementById("search-results"), { childList: true, subtree: true });

document.getElementById("search-field").value = new URLSearchParams(location.search).get("q") ?? "";
