/** `longembed demo`: its text and questions, and what it prints with a model that ships. */
import { describe, expect, it } from 'vitest';
import { waysOf } from '../../cli/demo/measure.js';
import { demoQuestions, demoText, documentsOf } from '../../cli/demo/text.js';
import { longembed } from './program.js';
import { INFO } from './world.js';

const text = demoText();

describe('the text', () => {
  it('is cut into documents between paragraphs, without losing one', () => {
    for (const count of [1, 3, 10]) {
      const documents = documentsOf(text, count);
      expect(documents).toHaveLength(count);
      expect(documents.join('\n\n')).toBe(text);
    }
    const lengths = documentsOf(text, 10).map(({ length }) => length);
    expect(Math.min(...lengths)).toBeGreaterThan(text.length / 20);
  });

  it('answers every question in one place', () => {
    for (const { question, answer } of demoQuestions()) expect(text.split(answer), question).toHaveLength(2);
  });

  it('has its questions’ answers spread over the documents', () => {
    const holders = demoQuestions().map(({ answer }) =>
      documentsOf(text, 10).findIndex((document) => document.includes(answer)),
    );
    expect(holders).not.toContain(-1);
    expect(new Set(holders).size).toBeGreaterThanOrEqual(7);
  });
});

describe('the ways that are compared', () => {
  const methodsOf = (...methods: ('se' | 'gp')[]): string[] =>
    waysOf({
      info: {
        ...INFO,
        strategies: methods.map((method) => ({ method, supported: true, reason: null, note: null })),
      },
    }).map(({ extend, vectors }) => `${extend} ${vectors}`);

  it('have the extension that the model supports', () => {
    expect(methodsOf('gp', 'se')).toEqual(['none cut', 'pcw document', 'se document', 'none chunks']);
    expect(methodsOf('gp')).toEqual(['none cut', 'pcw document', 'gp document', 'none chunks']);
    expect(methodsOf()).toEqual(['none cut', 'pcw document', 'none chunks']);
  });
});

describe('longembed demo', () => {
  it('finds a clause, prints it with its span, and compares the ways', async () => {
    const { code, stdout, stderr } = await longembed(['demo']);
    expect([code, stderr.replace(/^longembed: (comparing|loading the model), \d+ %\n/gm, '')]).toEqual([
      0,
      '',
    ]);
    const printed = stdout.toString();
    const [, start = '', end = ''] = /Characters ([\d,]+) to ([\d,]+) of 45,122/.exec(printed) ?? [];
    const clause = text.slice(...([start, end].map((n) => Number(n.replace(',', ''))) as [number, number]));
    const shown = [...printed.matchAll(/^ {3}\| (.*)$/gm)].map(([, line]) => line);
    expect(shown.join(' ')).toBe(clause.replaceAll('\n', ' '));
    expect(clause).toContain(demoQuestions()[0].answer);
    expect(printed).not.toContain('came in place');
    const rows = [
      ...printed.matchAll(/^ {3}([a-z ]+?) +--[a-z -]+?\w+ +(\d+) of 16 +(\d+\.\d) +\d+\.\d s$/gm),
    ];
    expect(rows.map(([, name]) => name)).toEqual([
      'truncation',
      'averaging of windows',
      'extended context',
      'chunk vectors',
    ]);
    for (const [, , first, place] of rows) {
      expect(Number(first)).toBeLessThanOrEqual(16);
      expect(Number(place)).toBeGreaterThanOrEqual(1);
      expect(Number(place)).toBeLessThanOrEqual(10);
    }
    const firsts = rows.map(([, , first]) => Number(first));
    expect(firsts[3]).toBeGreaterThan(firsts[0]!);
  });

  it('asks a question of one’s own', async () => {
    const { code, stdout } = await longembed([
      'demo',
      'cruel and unusual punishments',
      '--model',
      'mini-ape',
    ]);
    expect(code).toBe(0);
    expect(stdout.toString()).toContain('   cruel and unusual punishments\n');
    expect(stdout.toString()).toMatch(/--extend gp +\d+ of 16/);
  });

  it('refuses what is no model', async () => {
    const { code, stderr } = await longembed(['demo', '--model', 'nothing.gguf']);
    expect(code).toBe(2);
    expect(stderr).toContain('ERR_MODEL_NOT_FOUND');
  });
});
