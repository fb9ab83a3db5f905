/**
 * Fuzzes core: `npx tsx scripts/fuzz.ts model-file|plan [--minutes M] [--jobs N]`. docs/robustness.md describes both targets.
 * Needs Clang with its runtime libraries. Findings and the corpus, which the next run continues from, are in .cache/fuzz.
 */
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDir } from './lib/paths.mjs';
import { run, runMain, say, ScriptError } from './lib/process.mjs';
import { buildSanitized, SANITIZER_OPTIONS } from './lib/sanitized-build.mjs';
import { writeTinyModels } from '../models/random/index.js';

/** Each target's program and its libFuzzer options. */
const TARGETS = {
  // llama.cpp leaks memory when it refuses a file midway; these runs look for other errors.
  'model-file': { program: 'fuzz_model_file', options: ['-max_len=65536', '-detect_leaks=0'] },
  plan: { program: 'fuzz_plan', options: ['-max_len=4096', '-detect_leaks=0'] },
} as const;

await runMain(() => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { minutes: { type: 'string', default: '10' }, jobs: { type: 'string', default: '1' } },
  });
  const [name = ''] = positionals;
  if (!(name in TARGETS)) throw new ScriptError(`missing target: ${Object.keys(TARGETS).join(' or ')}.`);
  const target = TARGETS[name as keyof typeof TARGETS];

  const folder = join(cacheDir, 'fuzz', name);
  const corpus = join(folder, 'corpus');
  mkdirSync(corpus, { recursive: true });
  const models = writeTinyModels(join(cacheDir, 'fuzz', 'models'));
  if (name === 'model-file') for (const model of models) cpSync(model, join(corpus, basename(model)));

  const build = buildSanitized('address', { fuzz: true });
  const seconds = Math.ceil(Number(values.minutes) * 60);
  const options = [
    ...target.options,
    `-max_total_time=${seconds}`,
    `-fork=${values.jobs}`,
    '-ignore_crashes=1',
    '-ignore_timeouts=1',
    '-timeout=10',
    '-rss_limit_mb=2048',
    `-artifact_prefix=${folder}/`,
    '-print_final_stats=1',
  ];
  const env = { ...SANITIZER_OPTIONS, LONGEMBED_FUZZ_MODELS: models.join(':') };
  const code = run(join(build, target.program), [...options, corpus], { env });
  const found = readdirSync(folder).filter((file) => /^(crash|timeout|oom|leak)-/.test(file));
  for (const file of found) say(`found: ${join(folder, file)}`);
  process.exitCode = code !== 0 || found.length > 0 ? 1 : 0;
});
