/** README's programs: their types, and the search for a clause, run word for word on a contract of some thousand words. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { EmbeddingModel } from '../../lib/index.js';
import { root } from '../../scripts/lib/paths.mjs';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

const SUBJECTS = [
  ['Term', 'The lease begins on the first of May and lasts for five years unless it is renewed in writing.'],
  ['Rent', 'Rent is due on the first day of every month, and arrears carry interest of four percent a year.'],
  ['Deposit', 'A deposit of three months is kept in a separate account until the premises are handed back.'],
  ['Use', 'The premises serve as an office, and no other business may be carried on there without consent.'],
  ['Insurance', 'The building is insured against fire, storm and water at the value of a new one.'],
  ['Access', 'The owner may inspect the rooms after notice of two days, and at once where there is danger.'],
  ['Subletting', 'Rooms may be sublet to affiliated companies, who are then bound by the same terms.'],
  [
    'Noise',
    'Machines that disturb the neighbours are to be switched off between ten at night and six in the morning.',
  ],
  [
    'Termination',
    'Either party may give notice of ninety days to the end of a quarter, in writing and with reasons.',
  ],
  ['Law', 'Disputes are decided by the courts of the place where the building stands.'],
] as const;

const CLAUSE =
  '27. Repairs. The landlord pays for repairs of the roof, the walls and the heating; the tenant pays for small repairs up to one hundred a year.';

/** Forty clauses; the one about repairs is in the middle. */
const CONTRACT = Array.from({ length: 40 }, (_, i) => {
  const [title, text] = SUBJECTS[i % SUBJECTS.length]!;
  return i === 26
    ? CLAUSE
    : `${i + 1}. ${title}. ${text} ${`This holds for part ${i + 1} of the building and for whatever is added to it later. `.repeat(4).trim()}`;
}).join('\n\n');

/** What tsc says of modules that import longembed. */
function typeErrors(modules: readonly string[]): string[] {
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    skipLibCheck: true,
    noEmit: true,
    paths: { longembed: [join(root, 'lib/index.ts')] },
  };
  const texts = new Map(modules.map((code, index) => [join(root, 'test', `readme-${index}.ts`), code]));
  const host = ts.createCompilerHost(options);
  const program = ts.createProgram([...texts.keys()], options, {
    ...host,
    fileExists: (path) => texts.has(path) || host.fileExists(path),
    readFile: (path) => texts.get(path) ?? host.readFile(path),
    getSourceFile: (path, version, ...more) => {
      const text = texts.get(path);
      return text === undefined
        ? host.getSourceFile(path, version, ...more)
        : ts.createSourceFile(path, text, version);
    },
  });
  return [...texts.keys()].flatMap((path) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  );
}

/** The block of code below a sentence of the README. */
function codeBelow(sentence: string): string {
  const [, below = ''] = README.split(sentence);
  return /```ts\n([^]*?)```/.exec(below)?.[1] ?? '';
}

describe('README', () => {
  let model: EmbeddingModel | undefined;
  afterAll(() => model?.dispose());

  it(
    'has programs that compile with the settings of tsc --init, which are strict',
    { timeout: 60_000 },
    () => {
      const programs = [...README.matchAll(/```ts\n([^]*?)```/g)].map(([, code = '']) => code);
      expect(programs).toHaveLength(2);
      const given =
        "import { EmbeddingModel } from 'longembed';\ndeclare const model: EmbeddingModel, contract: string;\n";
      expect(
        typeErrors(programs.map((code) => (code.includes('import ') ? code : `${given}${code}export {};`))),
      ).toEqual([]);
    },
  );

  it('finds the clause in a contract, with its span', async () => {
    const code = codeBelow('To find a place in a document rather than the document');
    expect(code).toContain('embedChunks(contract');
    model = await EmbeddingModel.load();
    const printed: unknown[] = [];
    const { code: body } = await transform(code, { loader: 'ts' });
    const AsyncFunction = (async () => await Promise.resolve()).constructor as new (
      ...parts: string[]
    ) => (...given: unknown[]) => Promise<{ start: number; end: number }>;
    const example = new AsyncFunction('model', 'contract', 'console', `${body}\nreturn best;`);
    const best = await example(model, CONTRACT, { log: (...values: unknown[]) => printed.push(...values) });
    expect(CONTRACT.split(/\s+/).length).toBeGreaterThan(2000);
    expect(printed).toEqual([CLAUSE]);
    expect(best.start).toBe(CONTRACT.indexOf(CLAUSE));
    expect(best.end).toBe(best.start + CLAUSE.length);
  });
});
