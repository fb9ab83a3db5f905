/**
 * Tries mutated model files for as long as wanted: `npx tsx test/mutation/main.ts [--files N] [--hours H] [--seed S]
 * [--models NAME,NAME…]`.
 * Prints the count by error code, and every file that ended the process, hung, or gave vectors that are not numbers.
 */
import { parseArgs } from 'node:util';
import { modelPath, type SpecName } from '../../models/random/cached.js';
import { NAMED_SPECS } from '../../models/random/index.js';
import { MUTATED_MODELS } from './models.js';
import { runMutations } from './run.js';

const { values } = parseArgs({
  options: {
    files: { type: 'string' },
    hours: { type: 'string' },
    seed: { type: 'string' },
    models: { type: 'string' },
  },
});
const names = values.models?.split(',') ?? MUTATED_MODELS;
const unknown = names.filter((name) => !(name in NAMED_SPECS));
if (unknown.length > 0) throw new Error(`No such random model: ${unknown.join(', ')}`);
const report = await runMutations(
  names.map((name) => modelPath(name as SpecName)),
  {
    files: Number(values.files ?? (values.hours === undefined ? 10_000 : Infinity)),
    seconds: values.hours === undefined ? Infinity : Number(values.hours) * 3600,
    firstSeed: Number(values.seed ?? 1),
  },
);
console.log(`${report.files} files, the slowest ${report.slowest.toFixed(0)} ms of processor time`);
for (const [outcome, count] of [...report.outcomes].sort((a, b) => b[1] - a[1]))
  console.log(`${count}\t${outcome}`);
if (report.late.size > 0) console.log("not found by longembed's own checks, but refused by llama.cpp:");
for (const [message, seed] of report.late) console.log(`  ${message} (seed ${seed})`);
for (const { seed, model, mutation, outcome, stderr } of report.findings) {
  console.log(`seed ${seed}, ${mutation} in ${model}: ${outcome}\n${stderr}`);
}
process.exitCode = report.findings.length > 0 ? 1 : 0;
