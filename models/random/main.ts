/**
 * Makes a GGUF model with random weights, for tests and measurements:
 *
 *     npx tsx models/random/main.ts --arch bert --output bert.gguf [--seed 7] [--layers 4] …
 *     npx tsx models/random/main.ts --named bert-base --type F16 --output bert-base.gguf
 */
import { parseArgs } from 'node:util';

import { ARCHITECTURE_NAMES, type ModelSpec, NAMED_SPECS, type SpecName, writeModel } from './index.js';
import { POOLING_IDS } from './model-spec.js';
import type { SpecPooling } from './spec.js';
import { TENSOR_TYPE_IDS, type TensorType } from './tensor-types.js';

const TYPES = [...(Object.keys(TENSOR_TYPE_IDS) as TensorType[]), 'Q4_K_M'] as const;

const HELP = `usage: models/random/main.ts (--arch ARCH | --named NAME) --output FILE [options]
  --arch            ${ARCHITECTURE_NAMES.join(' | ')}
  --named           ${Object.keys(NAMED_SPECS).join(' | ')}
  --output          the GGUF file to write
  --seed            0 … 2^32 - 1
  --layers, --dimensions, --heads, --heads-kv, --head-size, --feed-forward, --context, --rope-base, --vocabulary   numbers
  --pooling         ${Object.keys(POOLING_IDS).join(' | ')} | unsaid
  --type            ${TYPES.join(' | ')}
  --biases, --causal, --fused-qkv, --token-types, --add-bos, --add-eos   yes | no
`;

const { values } = parseArgs({
  options: {
    arch: { type: 'string' },
    named: { type: 'string' },
    output: { type: 'string' },
    seed: { type: 'string' },
    layers: { type: 'string' },
    dimensions: { type: 'string' },
    heads: { type: 'string' },
    'heads-kv': { type: 'string' },
    'head-size': { type: 'string' },
    'feed-forward': { type: 'string' },
    context: { type: 'string' },
    'rope-base': { type: 'string' },
    vocabulary: { type: 'string' },
    pooling: { type: 'string' },
    type: { type: 'string' },
    biases: { type: 'string' },
    causal: { type: 'string' },
    'fused-qkv': { type: 'string' },
    'token-types': { type: 'string' },
    'add-bos': { type: 'string' },
    'add-eos': { type: 'string' },
    help: { type: 'boolean' },
  },
});

function fail(message: string): never {
  process.stderr.write(`${message}\n\n${HELP}`);
  process.exit(2);
}

function oneOf<Choice extends string>(option: string, given: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === given);
  return found ?? fail(`--${option} must be one of ${choices.join(', ')}, not ${given}`);
}

function number(option: string, given: string): number {
  const value = Number(given);
  return given.trim() !== '' && Number.isFinite(value) && value >= 0
    ? value
    : fail(`--${option} must be a number, not ${given}`);
}

/** The spec that the options ask for: the named one or the architecture's defaults, with what was given put over it. */
function specFromOptions(): ModelSpec {
  const base: ModelSpec =
    values.named !== undefined
      ? NAMED_SPECS[oneOf('named', values.named, Object.keys(NAMED_SPECS) as SpecName[])]
      : { arch: oneOf('arch', values.arch ?? fail('give --arch or --named'), ARCHITECTURE_NAMES) };
  const spec: ModelSpec = { ...base };
  const numbers = [
    ['seed', 'seed'],
    ['layers', 'layers'],
    ['dimensions', 'dimensions'],
    ['heads', 'heads'],
    ['heads-kv', 'headsKv'],
    ['head-size', 'headSize'],
    ['feed-forward', 'feedForward'],
    ['context', 'context'],
    ['rope-base', 'ropeBase'],
    ['vocabulary', 'vocabulary'],
  ] as const;
  for (const [option, key] of numbers) {
    const given = values[option];
    if (given !== undefined) spec[key] = number(option, given);
  }
  const switches = [
    ['biases', 'biases'],
    ['causal', 'causal'],
    ['fused-qkv', 'fusedQkv'],
    ['token-types', 'tokenTypes'],
    ['add-bos', 'addBos'],
    ['add-eos', 'addEos'],
  ] as const;
  for (const [option, key] of switches) {
    const given = values[option];
    if (given !== undefined) spec[key] = oneOf(option, given, ['yes', 'no']) === 'yes';
  }
  if (values.type !== undefined) spec.type = oneOf('type', values.type, TYPES);
  if (values.pooling === 'unsaid') spec.pooling = null;
  else if (values.pooling !== undefined) {
    spec.pooling = oneOf('pooling', values.pooling, Object.keys(POOLING_IDS) as SpecPooling[]);
  }
  return spec;
}

if (values.help === true) {
  process.stdout.write(HELP);
} else {
  const output = values.output ?? fail('give --output');
  const spec = specFromOptions();
  try {
    writeModel(spec, output);
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}
