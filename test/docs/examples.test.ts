/** The examples of docs/, one page a task: each is run as it stands, with the clients that it names, on a server that runs. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture, clientsFolder, newerNode, runModule, serve, type Serving } from '../clients/folder.js';
import { longembed } from '../cli/world.js';
import { LongEmbedError } from '../../lib/index.js';

const folder = clientsFolder();
const node24 = newerNode(folder);
const PAGES = ['server', 'rag', 'search', 'ai-sdk', 'langchain', 'n8n', 'systemd'];

interface Example {
  page: string;
  language: string;
  code: string;
}

const examples = PAGES.flatMap((page): Example[] => {
  const text = readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), 'utf8');
  return [...text.matchAll(/^ *```(\w+)\n([^]*?)\n *```$/gm)].map(([, language = '', code = '']) => ({
    page,
    language,
    code,
  }));
});

/** What each example in JavaScript prints, in the order of the pages. */
const PRINTED: readonly RegExp[] = [
  /^2 vectors of 768 numbers, \d+ tokens\n$/,
  /^768 numbers, 802 tokens\n$/,
  /^lease \[\d+, \d+\): The landlord pays for repairs of the roof .*\n.+\n$/,
  /^lease 27 69 The landlord pays for repairs of the roof\.\n$/,
  /^\d+ tokens; cosines \[ '0\.\d\d', '-?0\.\d\d' \]\n$/,
  /^64 numbers\n$/,
  /^lease\n$/,
  /^\d+ chunks; best: \w.{20,}\n$/,
  /^2 vectors\n$/,
  /^2 vectors of 768 numbers\n$/,
];

const scripts = examples
  .filter(({ language }) => language === 'js')
  .map((example, index) => ({ ...example, index, expected: PRINTED[index] }));

it('every example has what it prints', () => {
  expect(scripts).toHaveLength(PRINTED.length);
});

const unless = (condition: unknown, why: string): string => (condition === null ? ` (skipped: ${why})` : '');

describe.skipIf(folder === null)(
  `examples in JavaScript${unless(folder, 'the clients cannot be installed')}`,
  () => {
    let server: Serving;
    beforeAll(async () => {
      server = await serve(['--model', 'mini-rope', '--extend', 'pcw:4k']);
    });
    afterAll(async () => {
      expect(await server.end()).toBe(0);
    });

    const here = (code: string): string => code.replaceAll('http://127.0.0.1:8080', server.url);

    it.each(scripts)('page $page, example $index', async ({ page, index, code, expected }) => {
      expect(await runModule(folder!, `${page}-${index}`, here(code))).toMatch(expected!);
    });

    const newer = scripts.filter(({ code }) => /from '(openai|ai)'/.test(code));
    it.skipIf(node24 === null).each(newer)(
      `page $page, example $index, with the next major version on a newer Node${unless(node24, 'no newer Node here')}`,
      async ({ page, index, code, expected }) => {
        const next = here(code).replaceAll(/from '(openai|ai)'/g, "from '$1-7'");
        expect(await runModule(folder!, `${page}-${index}-next`, next, node24!)).toMatch(expected!);
      },
    );

    const python = pythonWithOpenAi();
    it.skipIf(python === null)(
      `server.md in Python${unless(python, 'no Python with openai; LONGEMBED_PYTHON names one')}`,
      async () => {
        const [{ code }] = examples.filter(
          ({ language, code }) => language === 'python' && /openai/.test(code),
        ) as [Example];
        expect(await capture(python!, ['-c', here(code)], folder!)).toBe('768 numbers\n');
      },
    );
  },
);

function pythonWithOpenAi(): string | null {
  const python = process.env['LONGEMBED_PYTHON'] ?? 'python3';
  try {
    execFileSync(python, ['-c', 'import openai'], { stdio: 'ignore' });
    return python;
  } catch {
    return null;
  }
}

/** Commands in the pages, and the unit's. */
const commands = examples.flatMap(({ page, language, code }) =>
  language === 'sh' || language === 'ini'
    ? [...code.matchAll(/^ *(?:ExecStart=\S*\/)?longembed (serve .*)$/gm)].map(([, line = '']) => ({
        page,
        line,
      }))
    : [],
);

it.each(commands)('page $page: longembed $line', async ({ line }) => {
  const args = line
    .split(' ')
    .map((word) => (/keys/.test(word) ? new URL('../fixtures/keys.txt', import.meta.url).pathname : word));
  const loadError = new LongEmbedError('ERR_MODEL_NOT_FOUND', 'not here');
  // the options are all known: only the model is missing
  const { code, stderr } = await longembed(args, { loadError });
  expect([code, stderr]).toEqual([2, expect.stringContaining('ERR_MODEL_NOT_FOUND: not here')]);
});
