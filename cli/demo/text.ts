/** What `longembed demo` reads: a text of a contract's length that ships, and questions that it answers. README.md names the source. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../lib/package.js';

/** A question in everyday words. */
export interface Question {
  readonly question: string;
  /** Words that stand only in the clause that answers it. */
  readonly answer: string;
}

/** What the text is, for the reader. */
export const TITLE = 'the Constitution of the United States';

/** The text; an empty line ends a paragraph. */
export function demoText(): string {
  return readFileSync(file('constitution.txt'), 'utf8').trimEnd();
}

/** The first is the one that the demonstration asks. */
export function demoQuestions(): [Question, ...Question[]] {
  return JSON.parse(readFileSync(file('questions.json'), 'utf8')) as [Question, ...Question[]];
}

/** The text in `count` documents of about the same length, cut between paragraphs. */
export function documentsOf(text: string, count: number): string[] {
  const documents: string[] = [];
  let begin = 0;
  for (let i = 1; i < count; i++) {
    const end = text.indexOf('\n\n', Math.floor((text.length * i) / count));
    if (end < begin) continue;
    documents.push(text.slice(begin, end));
    begin = end + 2;
  }
  return [...documents, text.slice(begin)];
}

function file(name: string): string {
  return join(packageRoot(), 'cli', 'demo', name);
}
