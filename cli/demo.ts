import type { Command } from 'commander';
import { terminalTable } from '../bench/results/terminal-table.js';
import { count } from '../lib/format.js';
import { DEFAULT_MODEL } from '../lib/package.js';
import type { AddCommand, Context, Model } from './context.js';
import { cosine, ask, type Found, measure, waysOf } from './demo/measure.js';
import { demoQuestions, demoText, documentsOf, TITLE } from './demo/text.js';
import { EXIT } from './exit.js';
import { loadModel } from './load-model.js';
import { addModelOptions, MODEL, type ModelOptions } from './options.js';
import { StdoutSink } from './output/sinks.js';
import { viewOn } from './progress/views.js';

/** The options of `longembed demo`, as commander gives them. */
interface DemoCommandOptions extends ModelOptions {
  model: string;
}

/** Documents that the text is cut into: long enough for every strategy to matter to a model of 256 or 512 tokens. */
const DOCUMENTS = 10;

/** Columns of the clause that is found. */
const WIDTH = 96;

/** `longembed demo`. */
export const addDemo: AddCommand = (program, context, exit) => {
  addDemoOptions(
    program.command('demo').description('find a clause in a long text that ships, and compare strategies'),
  ).action(async (question: string | undefined, options: DemoCommandOptions) =>
    exit(await demo(question, options, context)),
  );
};

function addDemoOptions(command: Command): Command {
  return addModelOptions(
    command
      .argument('[question]', `what to look for in ${TITLE} (default: one of its own)`)
      .option('-m, --model <file>', MODEL, DEFAULT_MODEL),
  )
    .optionsGroup('Other:')
    .helpOption('-h, --help', 'this help')
    .usage('[options] [QUESTION]')
    .addHelpText('after', HELP);
}

const HELP = `
Embeds ${TITLE}, which comes with the package and is as long as a contract, finds the
clause that answers a question by its chunk vector, and compares what truncation, averaging, extension and
chunk vectors are worth on the same text. Every figure is computed while you wait; nothing is downloaded.

Examples:
  longembed demo
  longembed demo "who may pardon offences?"
  longembed demo --model minilm.gguf
`;

/** `longembed demo`: the first thing to run. Resolves to the exit code. */
async function demo(
  asked: string | undefined,
  options: DemoCommandOptions,
  context: Context,
): Promise<number> {
  const view = viewOn(context.stderr, false);
  const out = new StdoutSink(context.stdout);
  const model = await loadModel(options, context, view);
  try {
    const text = demoText();
    const questions = demoQuestions();
    const first = asked === undefined ? questions[0] : { question: asked, answer: null };
    await out.write(`${opening(text, model, options.model)}\n`);
    await out.write(`${await findClause(text, first, model, context.signal)}\n`);
    const found: Found[] = [];
    const documents = documentsOf(text, DOCUMENTS);
    const asks = await ask(questions, model, context.signal);
    for (const way of waysOf(model)) {
      view.loading(found.length / waysOf(model).length, 'comparing');
      found.push(await measure(way, documents, asks, model, context.signal));
    }
    view.end();
    await out.write(`${comparison(found, documents.length, questions.length, text)}\n`);
    await out.write(next(options.model));
  } finally {
    view.end();
    await model.dispose();
  }
  return EXIT.done;
}

function opening(text: string, { info }: Model, name: string): string {
  const words = text.split(/\s+/).length;
  return (
    `The text: ${TITLE}, ${count(words)} words, public domain.\n` +
    `The model: ${name}, ${Math.round(info.parameters / 1e6)} million parameters, trained on at most ${count(info.nativeContext)} tokens at a time.\n`
  );
}

/** The paragraph nearest to a question, of a vector for each paragraph that was made in one reading of the whole text. */
async function findClause(
  text: string,
  asked: { question: string; answer: string | null },
  model: Model,
  signal: AbortSignal,
): Promise<string> {
  const begin = performance.now();
  const [{ query } = { query: new Float32Array() }] = await ask([asked], model, signal);
  const options = { extend: 'none', as: 'document', chunks: 'paragraphs', signal } as const;
  const result = (await model.embedManyChunks([text], options).next()).value;
  if (result === undefined) throw new Error('the model gave no result');
  if ('error' in result) throw result.error;
  const seconds = (performance.now() - begin) / 1000;
  const scored = result.chunks
    .map((chunk) => ({ ...chunk, score: cosine(chunk.embedding, query) }))
    .sort((a, b) => b.score - a.score);
  const { start, end, score } = scored[0] ?? { start: 0, end: 0, score: 0 };
  const answer = asked.answer === null ? -1 : text.indexOf(asked.answer);
  const place = 1 + scored.findIndex((chunk) => chunk.start <= answer && answer < chunk.end);
  return [
    `1. Find a clause: a vector for each of the ${count(scored.length)} paragraphs, each read in its context`,
    '',
    `   ${asked.question}`,
    '',
    ...folded(text.slice(start, end)).map((line) => `   | ${line}`),
    '',
    `   Characters ${count(start)} to ${count(end)} of ${count(text.length)}; cosine ${score.toFixed(2)}; ` +
      `${count(result.tokens)} tokens in ${seconds.toFixed(1)} s.`,
    ...(place > 1 ? [`   The clause that answers the question came in place ${place}.`] : []),
    '',
  ].join('\n');
}

function comparison(found: readonly Found[], documents: number, questions: number, text: string): string {
  const rows = found.map(({ name, options, first, place, seconds }) => ({
    label: name,
    cells: [options, `${first} of ${questions}`, place.toFixed(1), `${seconds.toFixed(1)} s`],
  }));
  const words = Math.round(text.split(/\s+/).length / documents / 10) * 10;
  return [
    `2. Compare: the same text as ${documents} documents of about ${count(words)} words. Which one answers a question?`,
    '',
    indented(terminalTable(['option', 'found first', 'mean place', 'time'], rows, false)),
    '',
    `   ${questions} questions; place 1 is the best, ${((documents + 1) / 2).toFixed(1)} is chance. Truncation reads only the beginning of a`,
    '   document; an average and an extended context read all of it into one vector; chunk vectors keep one',
    '   for every paragraph, and a document counts by its best.',
    '',
  ].join('\n');
}

function next(model: string): string {
  return [
    '3. Next',
    '',
    '   longembed demo "your own question"',
    `   longembed embed contract.txt --model ${model} --chunks paragraphs > vectors.jsonl`,
    '   longembed info hf:org/repo/model.gguf     # a real model: docs/models.md names those that are known',
    `   longembed serve --model ${model} --extend pcw:4k    # the same behind OpenAI's API`,
    '',
    '',
  ].join('\n');
}

/** A text in lines of at most WIDTH columns. */
function folded(text: string): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > WIDTH) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    return [...lines, line];
  });
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '   ');
}
