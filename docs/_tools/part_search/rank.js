/* Ranks the parts of pages, from the index that part_search writes.

   The measure is BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009):
   words count more the rarer they are, and less the longer the text. A page has the score of
   its best part plus its own, with that of its title and description. A part's score holds
   that of its title, and how near the query is to its title or to a phrase that people ask
   for it by: the cosine of the two, with the rarity of words as weights. It counts less the
   less of the query the part holds.
   Sphinx's language_data.js gives the stemmer and the words that say nothing. */
const SATURATION = 1.2; // k1 of BM25, as it is usually taken
const LENGTH = 0.2; // b of BM25, less than usual: a part's text has each word once
const LENGTH_OF_PAGES = 0.75; // likewise, as it is usually taken: some pages hold fifty parts
const ABOUT = 0.8; // of a page's title and description, against its text
const TITLE = 0.5; // of a part's title, likewise
const NEAR = 1.4; // of a query that is a title or a phrase, likewise
const POWER = 3.5; // by which a query counts less the less near it is
const HELD = 0.4; // likewise, the less of it a part holds
const NEXT = 0.45; // of a page's second best part, against its best
const ASIDE = 0.7; // of a part that is beside the point
const MEANT = 0.4; // of a word that only means what was asked, against one that was asked
const JOINED = 0.8; // of a name that two words are, likewise
const SHOWN = 12;
const STEP = 500; // titles that are stemmed in a task
const FIRST = 40; // the code of the letter for 0
const BACKSLASH = 92; // the code of the letter that stands for none
const FEW = 5; // texts that hold a name: then its parts are looked for too
const WORD = /\d+\.\d+|\.?[\p{Letter}\p{Number}_]+/gu; // with its dot, a name as in torch.where says something
// As in __init__.py: 1e-07, a letter, one of many variables, a colour, a hash
const MEANINGLESS = /^(?:\d[\p{Letter}\p{Number}_]{2,}|.$|[a-z]\d\d$|(?=.*\d)[\da-f]{6}$)/u;
const HUMP = /\p{Lowercase}(?=\p{Uppercase})/gu; // as in DataParallel
const NAMED = /^[\p{Letter}_]{2}/u; // a word that can be missing: not a number, nor a letter
const LONG = 7; // letters of a word that may have two mistakes; one of half as many has one

/* Return the spelling that the index knows, as `spelt` in __init__.py does. */
const SPELLINGS = [
  [/is(e[drs]?|ing|ations?)$/, "iz$1"], [/our/, "or"], [/ll(ed|ing)$/, "l$1"], [/lys(e[drs]?|ing)$/, "lyz$1"],
  [/^(cent|met|fib)re(s?)$/, "$1er$2"], [/^centr(ed|ing)$/, "center$1"], [/^grey/, "gray"], [/logue(s?)$/, "log$1"],
  [/^(\d+)\.0+$/, "$1"], [/^meanings?$/, "meant"],
];
const spelt = (word) => SPELLINGS.reduce((text, [own, other]) => text.replace(own, other), word);

const stemmed = new Map(); // stemming takes longest, and titles repeat their words
function stem(word) {
  if (!stemmed.has(word)) stemmed.set(word, (stem.stemmer ??= new Stemmer()).stemWord(spelt(word)));
  return stemmed.get(word);
}

/* Return the words of a text as the search compares them, and parts of names, as in __init__.py. */
function stems(text, { isWhole = false } = {}) {
  return (text.toLowerCase().match(WORD) ?? [])
    .flatMap((word) => (word.includes("_") && !isWhole ? [word, ...word.split("_")] : [word]))
    .filter((word) => !stopwords.has(word))
    .map((word) => word.replace(/^\./, ""))
    .filter((word) => word && !MEANINGLESS.test(word))
    .map(stem);
}

/* Return the least number of letters to change, add, drop or swap, or more than `most`. */
function mistakes(one, other, most) {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let before, row = [...other, 0].map((_, column) => column);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (one[i - 1] !== other[j - 1]));
      if (one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[other.length];
}

/* Return the numbers that letters stand for, as _letter in __init__.py says. */
function numbersOf(letters) {
  const numbers = new Int32Array(letters.length);
  for (let at = 0; at < letters.length; at++) {
    const code = letters.charCodeAt(at);
    numbers[at] = code - FIRST - (code > BACKSLASH ? 1 : 0);
  }
  return numbers;
}

/* Return the places of each word, from the steps that _steps in __init__.py yields. */
function placesOf({ words, common, numbers, places }) {
  const counts = numbersOf(numbers);
  const steps = numbersOf(places);
  let [start, first] = [0, 0];
  return new Map(words.split(" ").map((word, at) => {
    const list = steps.subarray(start, (start += counts[at]));
    if (counts[at] === counts[at - 1] && at !== common.length) list[0] += first;
    first = list[0];
    for (let next = 1; next < list.length; next++) list[next] += list[next - 1];
    return [word, list];
  }));
}

/* Return the phrases of each part, of the words that it knows, from the steps that _choices in __init__.py yields. */
function phrasesOf({ phrases, choices }, known) {
  const steps = numbersOf(choices);
  let at = 0;
  return [...numbersOf(phrases)].map((count, part) => {
    let first = 0;
    return Array.from({ length: count }, () => {
      const numbers = [];
      for (let number = first, isLast = 0; !isLast; at++) {
        isLast = steps[at] & 1;
        numbers.push((number += steps[at] >> 1));
      }
      [first] = numbers;
      return numbers.map((number) => known[part][number]);
    });
  });
}

/* Return the address and the title of a part, of which one may give the other. */
function partOf(row) {
  if (typeof row !== "string") return { anchor: row[0], title: row.at(-1) };
  return { anchor: row.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, ""), title: row };
}

/* Texts that are known by how often they hold each word: `whole` gives the number of the text
   that a listed one is a part of, or a negative number if it is a part of none. */
class Texts {
  constructor(places, size, whole, weight = LENGTH, common = new Map()) {
    Object.assign(this, { places, whole, weight, common, lengths: new Int32Array(size) });
    for (const listed of places.values()) for (const place of listed) this.lengths[whole(place)] += 1;
    this.mean = this.lengths.reduce((sum, length) => sum + length, 0) / size;
  }

  /* Return the text of each place of a word. */
  holders(word) {
    const found = [];
    for (const place of this.places.get(word) ?? []) {
      const text = this.whole(place);
      if (text >= 0) found.push(text);
    }
    return found;
  }

  /* Return how often each text holds one of some words. */
  counts(words) {
    const counts = new Map();
    for (const text of words.flatMap((word) => this.holders(word))) counts.set(text, (counts.get(text) ?? 0) + 1);
    return counts;
  }

  /* Return how much words say that so many texts are known to hold. */
  rarity(words, known) {
    const holders = Math.max(known, ...words.map((word) => this.common.get(word) ?? 0));
    return Math.log(1 + (this.lengths.length - holders + 0.5) / (holders + 0.5));
  }

  /* Return how much each text holds of some terms, by rarity, and how much was asked. */
  held(terms) {
    let asked = 0;
    const held = new Map();
    for (const { words, weight } of terms) {
      const counts = this.counts(words);
      const rarity = weight * this.rarity(words, counts.size);
      if (weight === 1) asked += rarity;
      for (const text of counts.keys()) held.set(text, (held.get(text) ?? 0) + rarity);
    }
    return { held, asked };
  }

  /* Return the score of each text that holds one of the terms. */
  rank(terms) {
    const scores = new Map();
    for (const { words, weight } of terms) {
      const counts = this.counts(words);
      const rarity = weight * this.rarity(words, counts.size);
      for (const [text, count] of counts) {
        const length = 1 - this.weight + (this.weight * this.lengths[text]) / this.mean;
        const share = (count * (SATURATION + 1)) / (count + SATURATION * length);
        scores.set(text, (scores.get(text) ?? 0) + rarity * share);
      }
    }
    return scores;
  }
}

/* What is asked: terms, which are words of the index that stand for one word of the query. */
class Query {
  constructor(text, vocabulary, meanings) {
    this.text = text;
    this.vocabulary = vocabulary;
    this.missing = [];
    this.instead = [];
    this.terms = [];
    this.explained = new Set(meanings.flatMap(([phrase]) => phrase));
    for (const word of new Set(text.match(WORD) ?? [])) this.take(word);
    this.join(text.toLowerCase().match(WORD) ?? []);
    const asked = [...stems(text), ...this.terms.map(({ stem }) => stem)];
    const strange = new Set(this.missing.flatMap(stems));
    for (const [phrase, meant] of meanings.filter(([phrase]) => phrase.every((word) => asked.includes(word))))
      for (const word of meant.filter((other) => this.known(other).length))
        this.add(word, this.known(word), phrase.some((other) => strange.has(other)) ? 1 : MEANT);
  }

  add(stem, words, weight = 1) {
    if (!this.terms.some((term) => term.stem === stem)) this.terms.push({ stem, words, weight });
  }

  /* Take a word of the query, and the parts of a name that few texts hold. */
  take(written) {
    const [whole] = stems(written);
    if (!whole) return;
    const parts = stems(written.replace(HUMP, "$&_")).slice(1);
    const word = written.replace(/^\./, "");
    const words = this.known(whole);
    if (words.length) this.add(whole, words);
    else if (NAMED.test(word) && (this.explained.has(whole) || !this.correct(word, whole))) this.missing.push(word);
    if (!(this.vocabulary.get(whole)?.length > FEW))
      for (const part of parts) if (this.known(part).length) this.add(part, this.known(part), MEANT);
  }

  /* Take names that two words are, as `pear tree` is pear_tree or peartree. */
  join(written) {
    for (let next = 1; next < written.length; next++)
      for (const between of ["_", ""]) {
        const name = stem((written[next - 1] + between + written[next]).replace(/^\./, ""));
        if (this.vocabulary.has(name)) this.add(name, [name], JOINED);
      }
  }

  /* Return a word, or those that it begins. */
  known(stem) {
    if (this.vocabulary.has(stem)) return [stem];
    return stem.length > 2 ? [...this.vocabulary.keys()].filter((other) => other.startsWith(stem)) : [];
  }

  /* Take the word of the index that is nearest to one with mistakes, if any is near. */
  correct(word, stem) {
    const most = stem.length < LONG / 2 ? 0 : stem.length < LONG ? 1 : 2;
    let [least, nearest] = [most + 1, ""];
    for (const [other, places] of this.vocabulary) {
      if (!most || other[0] !== stem[0]) continue;
      const count = mistakes(stem, other, most) - places.length / 1e6; // of two, the commoner
      if (count < least && count <= most) [least, nearest] = [count, other];
    }
    if (!nearest) return false;
    this.add(nearest, [nearest]);
    this.instead.push([word, nearest]);
    return true;
  }
}

/* The parts of all pages, with what is searched of them and of whole pages. */
class Library {
  constructor({ pages, favours, meanings, aside, words, common }) {
    Object.assign(this, { favours, meanings, aside: new RegExp(aside) });
    const counts = [...numbersOf(common)];
    this.common = new Map(words.split(" ", counts.length).map((word, at) => [word, counts[at]]));
    this.parts = pages.flatMap(([, , , ...rows], page) => rows.map((row) => ({ page, ...partOf(row) })));
    this.entries = pages.map(([name, place, description, top = ""]) => ({ name, place, description, title: partOf(top).title }));
    this.owners = [...this.parts.keys()]; // of titles, then of phrases
    this.first = this.entries.length + this.parts.length; // title
  }

  /* Return the library of an index. Taps are answered while it is built. */
  static async of(index) {
    const library = new Library(index);
    await pause();
    library.places = placesOf(index);
    await pause();
    await library.tell(index);
    for (const [name, ...rest] of library.kinds()) {
      await pause();
      library[name] = new Texts(library.places, ...rest);
    }
    await pause();
    library.weigh();
    await pause();
    return library;
  }

  /* Add the words of titles and descriptions, which the index leaves out, since it has their texts, give each
     phrase its own, and each part the words of its phrases. */
  async tell(index) {
    const told = new Map([...this.places.keys()].map((word) => [word, []]));
    const add = (words, text) => {
      for (const word of new Set(words)) told.has(word) ? told.get(word).push(text) : told.set(word, [text]);
    };
    const [first, size] = [this.first, this.parts.length];
    this.entries.forEach(({ title, description }, page) => add(stems(`${title} ${description}`), page));
    await pause();
    const known = [];
    for (const { title } of this.parts) {
      const words = [...new Set(stems(title, { isWhole: true }))];
      add(words, first + known.length);
      if (known.push(words) % STEP === 0) await pause();
    }
    await pause();
    for (const [word, places] of this.places)
      for (const text of places) {
        if (text >= first && text < first + size) known[text - first].push(word);
        told.get(word).push(text < first ? text : text - size);
      }
    await pause();
    const asked = phrasesOf(index, known);
    await pause();
    asked.forEach((phrases, part) => phrases.forEach((words) => {
      add(words, first + this.owners.push(part) - 1);
    }));
    this.places = told;
  }

  /* Return what is ranked: the name, how many there are, of which a listed text is a part, and b. */
  kinds() {
    const [pages, size] = [this.entries.length, this.parts.length];
    const titled = (text) => (text < this.first + size ? text - this.first : -1);
    const part = (text) => (text < this.first ? text - pages : this.owners[text - this.first]);
    return [
      ["texts", size, part, LENGTH, this.common],
      ["pages", pages, (text) => this.parts[text < this.first ? text - pages : titled(text)]?.page ?? -1, LENGTH_OF_PAGES],
      ["titles", size, titled],
      ["asked", this.owners.length, (text) => text - this.first],
      ["abouts", pages, (text) => (text < pages ? text : -1)],
    ];
  }

  /* Sum the rarity of the words of each title and phrase. */
  weigh() {
    this.masses = new Float64Array(this.owners.length);
    for (const word of this.places.keys()) {
      const holders = this.asked.holders(word);
      const rarity = this.asked.rarity([word], holders.length);
      for (const text of holders) this.masses[text] += rarity;
    }
  }

  /* Return of each part that holds one of the terms in its title or in a phrase how near that is. */
  near(terms) {
    const { held, asked } = this.asked.held(terms);
    const near = new Map();
    for (const [text, shared] of held) {
      const cosine = Math.min(1, shared / Math.sqrt(asked * this.masses[text]));
      const part = this.owners[text];
      near.set(part, Math.max(near.get(part) ?? 0, asked * cosine ** POWER));
    }
    return near;
  }

  /* Return of each page that holds one of the terms its best part, with what the next one adds to its score. */
  best(terms) {
    const titles = this.titles.rank(terms);
    const near = this.near(terms);
    const { held, asked } = this.texts.held(terms);
    const pages = new Map();
    for (const [number, score] of this.texts.rank(terms)) {
      const part = { ...this.parts[number] };
      part.score = score + TITLE * (titles.get(number) ?? 0) + NEAR * (near.get(number) ?? 0);
      part.score *= Math.min(1, held.get(number) / asked) ** HELD;
      if (this.aside.test(part.title)) part.score *= ASIDE;
      pages.get(part.page)?.push(part) ?? pages.set(part.page, [part]);
    }
    return [...pages.values()].map((parts) => {
      const [best, next] = parts.sort((one, other) => other.score - one.score);
      return { ...best, score: best.score + NEXT * (next?.score ?? 0) };
    });
  }

  /* Return by how much a page is favoured, by all rules that fit. */
  favour(name, { text, terms }) {
    const fits = ({ under = "", pattern = "", most = Infinity, least = 0 }) =>
      name.startsWith(under) && new RegExp(pattern).test(text) && least <= terms.length && terms.length <= most;
    return this.favours.filter(fits).reduce((product, { times }) => product * times, 1);
  }

  /* Return the hits, the best first, the words with their weights, those that no page holds,
     and those that stand in for one. */
  search(text) {
    const query = new Query(text, this.places, this.meanings);
    const { terms, missing, instead } = query;
    const own = this.pages.rank(terms);
    const abouts = this.abouts.rank(terms);
    const hits = this.best(terms).map(({ page, anchor, title, score }) => {
      const entry = this.entries[page];
      const sum = score + (own.get(page) ?? 0) + ABOUT * (abouts.get(page) ?? 0);
      return { entry, anchor, title, score: sum * this.favour(entry.name, query) };
    });
    const shown = hits.sort((a, b) => b.score - a.score).slice(0, SHOWN);
    const words = terms.flatMap(({ words }) =>
      words.map((word) => [word, this.texts.rarity([word], this.texts.counts([word]).size)]));
    return { hits: shown.map((hit) => this.shown(hit, terms)), words, missing, instead };
  }

  /* Return the hit at an address. */
  at(address, title) {
    const [name, anchor] = address.split(".html#");
    const entry = this.entries.find((other) => other.name === name);
    return { entry, title, anchor: `#${anchor}`, place: `${entry.place} > ${short(entry.title)}` };
  }

  /* Return a hit: a part, or the whole page where its title says it. */
  shown({ entry, anchor, title }, terms) {
    const named = stems(entry.title);
    const isTop = title === entry.title ||
      terms.every(({ words }) => words.some((word) => named.includes(word)));
    const place = isTop ? entry.place : [entry.place, short(entry.title)].filter(Boolean).join(" > ");
    return isTop ? { entry, place, title: entry.title, anchor: "" } : { entry, place, title, anchor: `#${anchor}` };
  }
}

/* Wait for the next task. */
const pause = () => new Promise((next) => setTimeout(next));

/* Return a title without its subtitle. */
const short = (title) => title.split(": ", 1)[0];

/* What others use, and what the script that is the index calls. */
globalThis.PartSearch = {
  stems,
  setIndex(index) { this.ready = Library.of(index).then((library) => { this.library = library; }); },
  search(text) { return this.library.search(text); },
  hit(address, title) { return this.library.at(address, title); },
};
