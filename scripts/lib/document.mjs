/**
 * A made-up project report in English sentences, the same text on every machine: something long to embed.
 * @param {number} words how long, to within a sentence
 */
export function makeDocument(words) {
  const pick = picker(2404);
  const paragraphs = [];
  let count = 0;
  for (let section = 1; count < words; section++) {
    const sentences = [];
    while (sentences.length < 8 && count < words) {
      const sentence = fill(pick(SENTENCES), pick);
      sentences.push(sentence);
      count += sentence.split(' ').length;
    }
    paragraphs.push(`Section ${section}. ${sentences.join(' ')}`);
  }
  return paragraphs.join('\n\n') + '\n';
}

/**
 * Chooses from lists by a small linear congruential generator.
 * @param {number} seed
 * @returns {<T>(list: readonly T[]) => T}
 */
function picker(seed) {
  let state = seed;
  return (list) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const chosen = list[Math.floor((state / 2 ** 32) * list.length)];
    if (chosen === undefined) throw new RangeError('an empty list');
    return chosen;
  };
}

/**
 * @param {string} sentence with names of word lists in braces
 * @param {ReturnType<typeof picker>} pick
 */
function fill(sentence, pick) {
  return sentence.replace(/\{(\w+)\}/g, (_, /** @type {keyof typeof WORDS} */ kind) => pick(WORDS[kind]));
}

const SENTENCES = [
  'The {who} asked whether the {thing} could be {done} before the {when}.',
  'In the {when} the {who} and the {who} looked at the {thing} again and found that the {part} was {how}.',
  'Nobody had {done} the {part} of the {thing}, so the {who} wrote a {how} note about it.',
  'It turned out that a {how} {part} costs more than the whole {thing}.',
  'The {thing} was {done} twice, because the {who} did not know what the {who} had said in the {when}.',
  'For the next {when} the plan is to keep the {part}, change the {thing} and leave the rest as it is.',
  'Most people thought that the {thing} was {how}; only the {who} said that its {part} should be {done}.',
  'After that the {who} showed the numbers of the {when} and explained why the {part} had to be {done}.',
];

const WORDS = {
  who: [
    'designer',
    'manager',
    'programmer',
    'professor',
    'student',
    'committee',
    'company',
    'customer',
    'expert',
    'group',
  ],
  thing: [
    'interface',
    'project',
    'program',
    'report',
    'product',
    'school',
    'budget',
    'remote control',
    'book',
    'machine',
  ],
  part: [
    'screen',
    'button',
    'first page',
    'price',
    'battery',
    'language',
    'cover',
    'last chapter',
    'code',
    'shape',
  ],
  done: [
    'changed',
    'tested',
    'written',
    'sold',
    'explained',
    'built',
    'removed',
    'measured',
    'designed',
    'forgotten',
  ],
  how: [
    'simple',
    'expensive',
    'useful',
    'wrong',
    'better',
    'difficult',
    'popular',
    'small',
    'surprising',
    'good enough',
  ],
  when: [
    'meeting',
    'morning',
    'summer',
    'month',
    'year',
    'second phase',
    'weekend',
    'discussion',
    'week',
    'spring',
  ],
};
