import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sentencesOf } from '../../../bench/tasks/synthetic/essays.js';

describe('sentencesOf', () => {
  it.each<[string, string, string[]]>([
    ['ends sentences at stops', 'One two. Three! Four? Five…', ['One two.', 'Three!', 'Four?', 'Five…']],
    [
      'keeps closing quotes with the sentence',
      'He said "no." (She left.) End.',
      ['He said "no."', '(She left.)', 'End.'],
    ],
    [
      'knows abbreviations',
      'Mr. Smith met J. Doe, e.g. twice. Done.',
      ['Mr. Smith met J. Doe, e.g. twice.', 'Done.'],
    ],
    ['ends at an empty line', 'A title\n\nThe text', ['A title', 'The text']],
    ['ends at an empty line of Windows', 'A title\r\n\r\nThe text', ['A title', 'The text']],
    ['joins the lines of a paragraph', 'One\ntwo  three.\n\tFour.', ['One two three.', 'Four.']],
    [
      'parts sentences that ran together',
      'the interface.When I saw it.',
      ['the interface.', 'When I saw it.'],
    ],
    [
      'leaves names and numbers whole',
      'Use node.js 3.14 of the U.S.A today',
      ['Use node.js 3.14 of the U.S.A today'],
    ],
    ['finds nothing in white space', ' \n\n\t ', []],
  ])('%s', (_, text, sentences) => {
    expect(sentencesOf(text)).toEqual(sentences);
  });

  it('cuts endless sentences after 60 words', () => {
    const sentences = sentencesOf(`${'word '.repeat(130)}end.`);
    expect(sentences.map((sentence) => sentence.split(' ').length)).toEqual([60, 60, 11]);
  });

  it('keeps every character except white space, which becomes single spaces', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('. ', '.', '\n\n', '! ', 'Abc', 'xyz', ' ', '"', 'Mr.'),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        const sentences = sentencesOf(text);
        expect(sentences.join('').replaceAll(' ', '')).toBe(text.replaceAll(/\s+/g, ''));
        for (const sentence of sentences) expect(sentence).toMatch(/^\S+( \S+)*$/);
      }),
    );
  });
});
