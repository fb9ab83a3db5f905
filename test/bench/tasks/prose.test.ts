import { describe, expect, it } from 'vitest';
import { prose } from '../../../bench/tasks/synthetic/prose.js';
import { facts, phrases, templates, topics } from '../../../bench/tasks/synthetic/word-lists.js';
import { Random } from '../../../lib/random.js';

function sentences(count: number, seed: string): string[] {
  const made = prose(Random.of(seed));
  return Array.from({ length: count }, () => made.next().value);
}

describe('prose', () => {
  const sample = sentences(10_000, 'sample');

  it('is sentences with a capital, a full stop and no gap left open', () => {
    for (const sentence of sample) expect(sentence).toMatch(/^[A-Z][^.{}]*[a-z]\.$/);
    expect(sample.join(' ')).not.toMatch(/ {2}|undefined/);
  });

  it('has thousands of different sentences, and few of them twice', () => {
    expect(new Set(sample).size).toBeGreaterThan(8000);
  });

  it('uses every template and phrase', () => {
    const text = sample.join(' ').toLowerCase();
    const sources: Readonly<Record<string, readonly string[]>>[] = [
      phrases(),
      ...topics().map(({ name: _name, ...topic }) => topic),
    ];
    const lists = sources.flatMap((source) => Object.values(source).flat());
    for (const phrase of lists) expect(text).toContain(phrase.toLowerCase());
    for (const template of [...templates().openers, ...templates().sentences]) {
      const literals = template.replace(/^\{[A-Z]\w+\}/, '').split(/\{\w+\}/);
      const pattern = new RegExp(literals.map((text) => text.replace(/[.?]/g, '\\$&')).join('.+'));
      expect(sample.some((sentence) => pattern.test(sentence))).toBe(true);
    }
  });

  it('answers no query of the needle task and names nothing: no answer, no figure', () => {
    for (const { answer } of facts()) {
      expect(sample.filter((sentence) => sentence.toLowerCase().includes(answer.toLowerCase()))).toEqual([]);
    }
    expect(sample.join(' ')).not.toMatch(/\d/);
  });

  it('stays with a topic for a passage, then changes it', () => {
    const people = topics().map(({ people }) => people);
    const sequence = sample.flatMap((sentence) => {
      const topic = people.findIndex((names) => names.some((name) => sentence.toLowerCase().includes(name)));
      return topic === -1 ? [] : [topic];
    });
    const changes = sequence.filter((topic, index) => index > 0 && topic !== sequence[index - 1]).length;
    expect(new Set(sequence).size).toBe(topics().length);
    expect(changes).toBeGreaterThan(sequence.length / 12);
    expect(changes).toBeLessThan(sequence.length / 5);
  });

  it('is the same for the same stream and different for another', () => {
    expect(sentences(50, 'sample')).toEqual(sample.slice(0, 50));
    const other = new Set(sentences(200, 'other'));
    expect(sample.slice(0, 200).filter((sentence) => other.has(sentence)).length).toBeLessThan(10);
  });
});
