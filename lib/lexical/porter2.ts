/**
 * The English stemmer of the Snowball project ("Porter2"), as version 3 defines it: it reduces a word's forms to one stem,
 * which need not be a word. "connection", "connected" and "connecting" become "connect".
 *
 * Written from the published definition, snowballstem.org/algorithms/english/stemmer.html; test/lexical compares it with
 * PyStemmer. Words of `wordsOf` have no apostrophes, so the definition's step 0 is left out.
 */

const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['skis', 'ski'],
  ['skies', 'sky'],
  ['idly', 'idl'],
  ['gently', 'gentl'],
  ['ugly', 'ugli'],
  ['early', 'earli'],
  ['only', 'onli'],
  ['singly', 'singl'],
  ...['sky', 'news', 'howe', 'atlas', 'cosmos', 'bias', 'andes'].map((word) => [word, word] as const),
]);

/** Beginnings after which region R1 begins; otherwise it begins after the first non-vowel that follows a vowel. */
const LONG_BEGINNING = /^(?:gener|commun|arsen|past|univers|later|emerg|organ|inter)/;
const REGION = /[aeiouy][^aeiouy]/su;

/** A vowel and a non-vowel other than w, x and Y after a non-vowel; or a vowel and a non-vowel that are the whole word. */
const SHORT_SYLLABLE = /(?:[^aeiouy][aeiouy][^aeiouywxY]|^[aeiouy][^aeiouy]|past)$/su;

/** @param word in lower case, without apostrophes */
export function stem(word: string): string {
  if (word.length < 3) return word;
  const exception = EXCEPTIONS.get(word);
  if (exception !== undefined) return exception;
  // Y is y as a consonant: at the beginning of a word, or after a vowel.
  const marked = markConsonantY(word);
  const r1 = firstRegion(marked);
  const r2 = regionAfter(marked, r1);
  const singular = step1a(marked);
  const regions = { r1, r2 };
  const root = step1c(step1b(singular, regions));
  return step5(step4(step3(step2(root, regions), regions), regions), regions).replaceAll('Y', 'y');
}

/** Where R1 and R2 begin: most suffixes are removed only inside of one of them. */
interface Regions {
  readonly r1: number;
  readonly r2: number;
}

function markConsonantY(word: string): string {
  if (!word.includes('y')) return word;
  return word.replace(/^y/, 'Y').replace(/([aeiouy])y/g, '$1Y');
}

function firstRegion(word: string): number {
  return LONG_BEGINNING.exec(word)?.[0].length ?? regionAfter(word, 0);
}

function regionAfter(word: string, begin: number): number {
  const found = REGION.exec(word.slice(begin));
  return found === null ? word.length : begin + found.index + found[0].length;
}

const hasVowel = (part: string): boolean => /[aeiouy]/.test(part);

/** Plurals. */
function step1a(word: string): string {
  if (word.endsWith('sses')) return word.slice(0, -2);
  if (word.endsWith('ied') || word.endsWith('ies')) return word.slice(0, word.length > 4 ? -2 : -1);
  if (word.endsWith('us') || word.endsWith('ss') || !word.endsWith('s')) return word;
  // A vowel directly before the s does not count: "gas", "this".
  return hasVowel(word.slice(0, -2)) ? word.slice(0, -1) : word;
}

/** Past tenses, participles and the adverbs made of them. */
function step1b(word: string, { r1 }: Regions): string {
  const suffix = /(?:eedly|ingly|edly|eed|ing|ed)$/.exec(word)?.[0];
  if (suffix === undefined) return word;
  const rest = word.slice(0, -suffix.length);
  if (suffix.startsWith('eed')) {
    return rest.length >= r1 && !/^(?:proc|exc|succ)$/.test(rest) ? `${rest}ee` : word;
  }
  if (suffix === 'ing') {
    // "dying", but not "trying"
    if (/^[^aeiouy]y$/u.test(rest)) return `${rest.slice(0, -1)}ie`;
    if (/^(?:inn|out|cann|herr|earr|even)$/.test(rest)) return word;
  }
  return hasVowel(rest) ? restored(rest, r1) : word;
}

/** What a suffix may have changed in the word before it. */
function restored(rest: string, r1: number): string {
  if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`;
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(rest)) {
    return /^[aeo]..$/.test(rest) ? rest : rest.slice(0, -1);
  }
  return rest.length <= r1 && SHORT_SYLLABLE.test(rest) ? `${rest}e` : rest;
}

function step1c(word: string): string {
  return /.[^aeiouy][yY]$/su.test(word) ? `${word.slice(0, -1)}i` : word;
}

/** A suffix and what replaces it; the longest that a word ends with decides, even if its condition then fails. */
type Rule = readonly [
  suffix: string,
  replacement: string,
  condition?: (rest: string, regions: Regions) => boolean,
];

const longestFirst = (rules: readonly Rule[]): readonly Rule[] =>
  [...rules].sort(([a], [b]) => b.length - a.length);

const endsIn =
  (letters: RegExp) =>
  (rest: string): boolean =>
    letters.test(rest);

const STEP_2 = longestFirst([
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['abli', 'able'],
  ['entli', 'ent'],
  ['izer', 'ize'],
  ['ization', 'ize'],
  ['ational', 'ate'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['aliti', 'al'],
  ['alli', 'al'],
  ['fulness', 'ful'],
  ['ousli', 'ous'],
  ['ousness', 'ous'],
  ['iveness', 'ive'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['bli', 'ble'],
  ['ogist', 'og'],
  ['ogi', 'og', endsIn(/l$/)],
  ['fulli', 'ful'],
  ['lessli', 'less'],
  ['li', '', endsIn(/[cdeghkmnrt]$/)],
]);

const STEP_3 = longestFirst([
  ['tional', 'tion'],
  ['ational', 'ate'],
  ['alize', 'al'],
  ['icate', 'ic'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
  ['ative', '', (rest, { r2 }) => rest.length >= r2],
]);

const STEP_4 = longestFirst([
  ...[
    ...['al', 'ance', 'ence', 'er', 'ic', 'able', 'ible', 'ant', 'ement', 'ment', 'ent', 'ism', 'ate', 'iti'],
    ...['ous', 'ive', 'ize'],
  ].map((suffix): Rule => [suffix, '']),
  ['ion', '', endsIn(/[st]$/)],
]);

function replaced(word: string, rules: readonly Rule[], begin: number, regions: Regions): string {
  const rule = rules.find(([suffix]) => word.endsWith(suffix));
  if (rule === undefined) return word;
  const [suffix, replacement, condition] = rule;
  const rest = word.slice(0, -suffix.length);
  const applies = rest.length >= begin && (condition?.(rest, regions) ?? true);
  return applies ? rest + replacement : word;
}

const step2 = (word: string, regions: Regions): string => replaced(word, STEP_2, regions.r1, regions);
const step3 = (word: string, regions: Regions): string => replaced(word, STEP_3, regions.r1, regions);
const step4 = (word: string, regions: Regions): string => replaced(word, STEP_4, regions.r2, regions);

function step5(word: string, { r1, r2 }: Regions): string {
  const rest = word.slice(0, -1);
  if (word.endsWith('e')) {
    return rest.length >= r2 || (rest.length >= r1 && !SHORT_SYLLABLE.test(rest)) ? rest : word;
  }
  return word.endsWith('ll') && rest.length >= r2 ? rest : word;
}
