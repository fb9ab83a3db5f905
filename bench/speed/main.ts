/**
 * Compares speed and memory with llama.cpp, node-llama-cpp, ONNX Runtime and PyTorch, on the same files with random weights, in one run:
 *
 *     npm run bench:speed -- --help
 *
 * docs/performance.md has the figures and the method.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { measure, type Measured } from './measure.js';
import { HELP, readOptions, type SpeedOptions } from './options.js';
import { table } from './report.js';
import { rowsOf } from './row.js';
import { buildLongembed, buildTools, measureKernels } from './tools.js';

async function main(options: SpeedOptions): Promise<void> {
  say('building longembed');
  buildLongembed();
  say('building llama.cpp');
  buildTools();
  const kernels = measureKernels(options.threads);
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${options.threads} threads`;
  const rates = Object.entries(kernels).map(([name, rate]) => `${name} ${Math.round(rate)}`);
  console.log(`${machine}. GFLOPS in full floats: ${rates.join(', ')}\n`);
  const rows: Measured[] = [];
  for (const row of rowsOf(options)) {
    const name = `${row.workload} ${row.shape} ${row.type} ${row.strategy}`;
    rows.push(await measure(row, options, (what) => say(`${name}: ${what}`)));
    // after every row, so that a stopped run keeps its results
    if (options.output !== undefined) {
      const all = { date: new Date().toISOString(), machine, kernels, rows };
      writeFileSync(options.output, `${JSON.stringify(all, null, 2)}\n`);
    }
  }
  console.log(table(rows, kernels['peak'] ?? NaN));
}

function say(what: string): void {
  process.stderr.write(`${what}\n`);
}

function optionsOrExit(): SpeedOptions | null {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
}

const options = optionsOrExit();
if (options === null) process.stdout.write(HELP);
else await main(options);
