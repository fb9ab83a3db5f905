import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { TYPES, type Type } from './models.js';
import { type Workload, WORKLOADS, type WorkloadName } from './workloads.js';

export const ENGINES = [
  'longembed',
  'llama.cpp',
  'node-llama-cpp',
  'onnxruntime',
  'pytorch-float32',
  'pytorch-bfloat16',
] as const;
export type EngineName = (typeof ENGINES)[number];

export const STRATEGIES = ['none', 'ntk', 'se', 'pcw'] as const;
export type Strategy = (typeof STRATEGIES)[number];

const names = Object.keys(WORKLOADS) as WorkloadName[];
const isSlow = (name: WorkloadName): boolean => (WORKLOADS[name] as Workload).slow === true;

export interface SpeedOptions {
  readonly workloads: readonly WorkloadName[];
  readonly types: readonly Type[];
  readonly strategies: readonly Strategy[];
  readonly engines: readonly EngineName[];
  /** Timed runs of each engine on each row, if they fit into `seconds`. */
  readonly rounds: number;
  /** Time after which a row begins no further round. */
  readonly seconds: number;
  readonly threads: number;
  /** Only llama.cpp's settings whose titles have this in them are tried; empty: all. */
  readonly llama: string;
  /** File for the JSON. */
  readonly output: string | undefined;
}

export const HELP = `usage: npm run bench:speed -- [options]
  --workloads   ${names.join(',')} (default: all but ${names.filter(isSlow).join(', ')})
  --types       ${TYPES.join(',')} of the BERT-Base shapes (default: F16)
  --strategies  ${STRATEGIES.join(',')} for texts beyond the native context (default: none)
  --engines     ${ENGINES.join(',')}
                (default: the first three; PyTorch takes 5 GB to install, and ONNX Runtime's model is made with it)
  --rounds      timed runs of each engine on each row (default: 5)
  --seconds     after which a row begins no further round (default: 100)
  --llama       tries only llama.cpp's settings with this in their titles, such as --llama='-fa on -b 8192 -ub 512':
                trying all takes long for long texts (default: all)
  --threads     (default: the processor's cores)
  --output      a file for all figures as JSON
`;

/** @throws RangeError, TypeError */
export function readOptions(args: readonly string[]): SpeedOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      workloads: { type: 'string' },
      types: { type: 'string', default: 'F16' },
      strategies: { type: 'string', default: 'none' },
      engines: { type: 'string', default: ENGINES.slice(0, 3).join() },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '100' },
      llama: { type: 'string', default: '' },
      threads: { type: 'string', default: String(availableParallelism()) },
      output: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return null;
  return {
    workloads:
      values.workloads === undefined
        ? names.filter((name) => !isSlow(name))
        : list('workloads', values.workloads, names),
    types: list('types', values.types, TYPES),
    strategies: list('strategies', values.strategies, STRATEGIES),
    engines: list('engines', values.engines, ENGINES),
    rounds: whole('rounds', values.rounds),
    seconds: whole('seconds', values.seconds),
    threads: whole('threads', values.threads),
    llama: values.llama,
    output: values.output,
  };
}

function list<T extends string>(option: string, given: string, known: readonly T[]): T[] {
  return given.split(',').map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new RangeError(`--${option} takes ${known.join(', ')}, not ${name}`);
    return found;
  });
}

function whole(option: string, given: string): number {
  const value = Number(given);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`--${option} must be a whole number from 1, not ${given}`);
}
