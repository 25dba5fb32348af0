/* Ranks the parts of pages, from the index that part_search writes, and lists the pages.

   The measure is BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009):
   words count more the rarer they are, and less the longer the text. A page has the score of
   its best part, with that part's title, plus its own, with its title and description.
   Sphinx's language_data.js gives the stemmer and the words that say nothing. */
const SATURATION = 1.2; // k1 and b of BM25, as they are usually taken
const LENGTH = 0.75;
const ABOUT = 0.5; // of a page's title and description, against its text
const SHOWN = 20;
const FEW = 5; // texts that hold a name: then its parts are looked for too
const WORD = /[\p{Letter}\p{Number}_]+/gu;
const SEVERAL = 4; // words that one title holds nearly all of: they are quoted from it
const NEARLY = 0.8;

function stems(text) {
  const stemmer = (stems.stemmer ??= new Stemmer());
  return (text.toLowerCase().match(WORD) ?? [])
    .flatMap((word) => (word.includes("_") ? [word, ...word.split("_")] : [word]))
    .filter((word) => word && !stopwords.has(word) && !/^\d+$/.test(word))
    .map((word) => stemmer.stemWord(word));
}

/* Texts that are known by how often they hold each word, as _places in __init__.py says;
   `whole` gives the number of the text that a listed one is a part of. */
class Texts {
  constructor(most, index, size, whole = (part) => part) {
    this.most = most;
    this.index = index;
    this.whole = whole;
    this.lengths = new Array(size).fill(0);
    for (const places of Object.values(index))
      this.each(places, (text, count) => { this.lengths[text] += count; });
    this.mean = this.lengths.reduce((sum, length) => sum + length, 0) / size;
  }

  /* Call back with each text that holds a word, and how often. */
  each(places, found) {
    let part = 0;
    for (const place of places) {
      part += Math.floor(place / this.most);
      found(this.whole(part), (place % this.most) + 1);
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
  constructor({ most, pages, words, names, abouts, favours }) {
    Object.assign(this, { entries: pages, favours });
    this.parts = pages.flatMap(({ parts }, page) =>
      parts.map(([anchor, title = anchor]) => ({ page, anchor, title })));
    this.texts = new Texts(most, words, this.parts.length);
    this.titles = new Texts(most, names, this.parts.length);
    this.pages = new Texts(most, words, pages.length, (part) => this.parts[part].page);
    this.abouts = new Texts(most, abouts, pages.length);
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

  /* Return the words of a query, and the parts of a name that few texts hold. */
  asked(query) {
    const known = (name) => this.texts.index[name]?.length > FEW;
    const words = (query.match(WORD) ?? []).map(stems);
    return [...new Set(words.flatMap(([name, ...parts]) => (known(name) ? name : [name, ...parts])))]
      .filter(Boolean);
  }

  /* Return by how much a page is favoured: the first rule that fits says it. */
  favour(name, query, words, isQuoted) {
    const fits = ({ under = "", pattern = "", quoted = false, most = Infinity }) =>
      name.startsWith(under) && new RegExp(pattern).test(query) &&
      (isQuoted || !quoted) && words.length <= most;
    return this.favours.find(fits)?.times ?? 1;
  }

  /* Return the hits of a query, the best first: page, title, anchor and score. */
  search(query) {
    const words = this.asked(query);
    const own = this.pages.rank(words);
    const abouts = this.abouts.rank(words);
    const quoted = this.quoted(words);
    const hits = this.best(words).map(({ page, anchor, title, score }) => {
      const entry = this.entries[page];
      const sum = score + own.get(page) + ABOUT * (abouts.get(page) ?? 0);
      const favour = this.favour(entry.name, query, words, quoted.has(page));
      const total = sum * favour * (isNamed(entry.name, words) ? 2 : 1);
      const top = title === entry.title || words.every((word) => stems(entry.title).includes(word));
      const [shown, place] = top ? [entry.title, ""] : [`${short(entry.title)} > ${title}`, `#${anchor}`];
      return { entry, title: shown, address: `${entry.name}.html${place}`, score: total };
    });
    return hits.sort((a, b) => b.score - a.score).slice(0, SHOWN);
  }
}

/* Return a title without its subtitle. */
const short = (title) => title.split(": ", 1)[0];

/* Return whether a page has the query as its name: big-red-box for "big_red". */
function isNamed(name, words) {
  const [whole, ...parts] = stems(name.split("/").pop().replaceAll("-", "_"));
  return words.includes(whole) && words.every((word) => word === whole || parts.includes(word));
}

/* What the page of the search holds, and what its script that is the index calls. */
const PartSearch = {
  setIndex(index) {
    this.library = new Library(index);
    // In a task of its own: taps are answered in between.
    if (this.query) setTimeout(() => this.show(this.library.search(this.query)));
  },

  start() {
    this.query = new URLSearchParams(location.search).get("q") ?? "";
    document.getElementById("search-field").value = this.query;
    this.results = document.getElementById("search-results");
    if (this.query) this.results.append(element("h2", "", "Searching"));
  },

  show(hits) {
    const count = hits.length === 1 ? "One page holds some of these words."
      : `${hits.length} pages, the best first (at most ${SHOWN} are shown).`;
    const none = "No page holds these words. What there is to find is listed above.";
    const summary = element("p", "search-summary", hits.length ? count : none);
    summary.role = "status";
    const list = element("ul", "search");
    list.append(...hits.map(item));
    this.results.replaceChildren(element("h2", "", "Search Results"), summary, list);
  },
};

function element(name, kind, text = "") {
  return Object.assign(document.createElement(name), { className: kind, textContent: text });
}

/* Return a hit as it is listed: under its link stands its place, and what it is about. */
function item({ entry, title, address }) {
  const line = element("li", "kind-text");
  const link = Object.assign(element("a", "", title), { href: address });
  line.append(link, element("p", "hit-place", entry.place), element("p", "hit-description", entry.description));
  return line;
}

PartSearch.start();
