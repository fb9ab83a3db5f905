/** The linter's rules on imports, eslint.config.js: they must reject what runs against the direction. */
import { ESLint } from 'eslint';
import { expect, it } from 'vitest';

const eslint = new ESLint({
  overrideConfig: {
    // the text stands for an existing file, and only what it imports is looked at
    rules: { '@typescript-eslint/no-unused-vars': 'off' },
  },
});

/** The rules on imports that a file with this import would break. */
async function broken(file: string, imported: string): Promise<string[]> {
  const [result] = await eslint.lintText(`import '${imported}';\n`, { filePath: file });
  return result!.messages
    .map(({ ruleId }) => ruleId ?? 'fatal')
    .filter((rule) => rule.startsWith('import-x/'));
}

const DIRECTION = 'import-x/no-restricted-paths';

it.each([
  ['lib/index.ts', '../bench/index.js'],
  ['lib/index.ts', '../cli/main.js'],
  ['lib/model/index.ts', '../../cli/run.js'],
  ['bench/index.ts', '../cli/run.js'],
  ['lib/index.ts', '../server/index.js'],
  ['lib/adapters/ai-sdk.ts', '../../server/index.js'],
  ['server/index.ts', '../cli/run.js'],
  ['server/index.ts', '../test/native/fixtures.js'],
  ['lib/index.ts', '../models/random/index.js'],
  ['bench/index.ts', '../test/native/fixtures.js'],
  ['bench/speed/main.ts', '../../test/native/fixtures.js'],
  ['cli/main.ts', '../scripts/start.mjs'],
  ['scripts/fuzz.ts', '../test/native/fixtures.js'],
])('refuses that %s imports %s', async (file, imported) => {
  expect(await broken(file, imported)).toContain(DIRECTION);
});

it.each([
  ['cli/main.ts', '../bench/index.js'],
  ['cli/main.ts', '../lib/index.js'],
  ['cli/serve.ts', '../server/index.js'],
  ['server/index.ts', '../lib/index.js'],
  ['bench/index.ts', '../lib/index.js'],
  ['bench/speed/main.ts', '../../models/random/index.js'],
  ['test/native/fixtures.ts', '../../bench/index.js'],
])('allows that %s imports %s', async (file, imported) => {
  expect(await broken(file, imported)).toEqual([]);
});

it('refuses a circle of imports', async () => {
  expect(await broken('lib/error.ts', './index.js')).toEqual(['import-x/no-cycle']);
});
