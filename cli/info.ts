import type { Command } from 'commander';
import { type Extend, STRATEGIES } from '../lib/extend/index.js';
import type { MemoryEstimate, Device, DeviceMemoryEstimate, ModelInfo } from '../lib/index.js';
import type { AddCommand, Context, Model } from './context.js';
import { parseSpec, addModelOptions, loadOptions, MODEL, type ModelOptions, wholeNumber } from './options.js';
import { EXIT, UsageError } from './exit.js';
import { locate } from './locate.js';
import { viewOn } from './progress/views.js';
import { StdoutSink } from './output/sinks.js';
import { count, formatBytes, plural, printable } from '../lib/format.js';

/** The options of `longembed info`, as commander gives them. */
interface InfoCommandOptions extends ModelOptions {
  json?: boolean;
  memory?: number;
  extend?: Extend;
}

/** `longembed info`. */
export const addInfo: AddCommand = (program, context, exit) => {
  addInfoOptions(
    program.command('info').description('describe a model and the strategies it supports'),
  ).action(async (model: string, options: InfoCommandOptions) => exit(await info(model, options, context)));
};

function addInfoOptions(command: Command): Command {
  command
    .argument('<model>', MODEL)
    .optionsGroup('Output:')
    .option('--json', 'print JSON')
    .optionsGroup('Memory:')
    .option(
      '--memory <tokens>',
      'estimate the memory for embedding a document of this length',
      wholeNumber(1),
    )
    .option('--extend <spec>', 'with this strategy, see longembed embed --help (default: none)', parseSpec);
  return addModelOptions(command)
    .optionsGroup('Other:')
    .helpOption('-h, --help', 'this help')
    .usage('[options] MODEL')
    .addHelpText('after', HELP);
}

const HELP = `
Describes the model: its native context and the source of that number, its pooling and prompts, the strategies it
supports and why not the others, and the devices of this machine. --memory adds the memory that a document of that
length (prompt and special tokens included) needs, and whether it is available.
`;

function memoryOf(model: Model, { memory, extend }: InfoCommandOptions): Promise<MemoryEstimate | null> {
  if (memory !== undefined) return model.memory({ tokens: memory, extend });
  if (extend === undefined) return Promise.resolve(null);
  throw new UsageError('--extend applies to the document of --memory: give --memory too.');
}

/** `longembed info`: describes a model and its strategies. Resolves to the exit code. */
async function info(given: string, options: InfoCommandOptions, context: Context): Promise<number> {
  const path = await locate(given, context, viewOn(context.stderr, false));
  const model = await context.loadModel(path, {
    ...loadOptions(options),
    signal: context.signal,
    // They are part of what is printed.
    onWarning: () => undefined,
  });
  try {
    const devices = context.devices();
    const memory = await memoryOf(model, options);
    const text =
      options.json === true
        ? JSON.stringify({ ...model.info, devices, ...(memory === null ? {} : { memory }) }, null, 2)
        : describe(model.info, devices, memory);
    await new StdoutSink(context.stdout).write(`${text}\n`);
  } finally {
    await model.dispose();
  }
  return EXIT.done;
}

/** The text that `longembed info` prints. */
export function describe(
  info: ModelInfo,
  devices: readonly Device[],
  memory: MemoryEstimate | null = null,
): string {
  return [
    printable(`${info.name ?? info.path} (${info.architecture})`),
    table([
      ['file', `${info.path}: ${info.quantization}, ${formatBytes(info.sizeBytes)}`],
      ['size', `${parameters(info.parameters)} parameters, ${plural(info.layers, 'layer')}, ${heads(info)}`],
      ['dimensions', count(info.dimensions)],
      ['preset', info.preset ?? 'none: not a known model'],
      ['native context', nativeContext(info)],
      ...(info.extended === null ? [] : [['extended', extended(info.extended)] as const]),
      ['positions', positions(info)],
      ['attention', attention(info)],
      [
        'pooling',
        info.pooling === null
          ? info.filePooling === 'rank'
            ? 'rank (from the file): this is a reranker, which gives no embeddings'
            : 'unknown: embed needs --pooling'
          : `${info.pooling}${from(info.poolingSource, otherPooling(info))}`,
      ],
      ['query prompt', prompt(info.prompts.query)],
      ['document prompt', prompt(info.prompts.document)],
      ['vocabulary', `${info.tokenizer}, ${plural(info.vocabularySize, 'token')}; ${specialTokens(info)}`],
      ['runs on', runsOn(info)],
      ...info.warnings.map((warning) => ['warning', warning] as const),
    ]),
    '',
    'Strategies',
    table(
      info.strategies.map(({ method, reason, note }) => [
        method,
        reason !== null
          ? `not with this model: ${reason}`
          : `${STRATEGIES[method].help}${note === null ? '' : `; here ${note}`}`,
      ]),
    ),
    '',
    'Devices',
    table(devices.map((device) => [device.name, deviceLine(device)])),
    ...(memory === null ? [] : ['', ...memorySection(memory)]),
  ].join('\n');
}

function table(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => printable(`  ${name.padEnd(width)}  ${value}`)).join('\n');
}

function parameters(number: number): string {
  return number >= 1e9 ? `${(number / 1e9).toFixed(1)} billion` : `${(number / 1e6).toFixed(1)} million`;
}

function heads({ heads, headsKv }: ModelInfo): string {
  return heads === headsKv
    ? plural(heads, 'head')
    : `${plural(heads, 'head')} (${headsKv} for keys and values)`;
}

function from(source: string | null, note = ''): string {
  return source === null ? '' : ` (from the ${source}${note})`;
}

function otherPooling({ pooling, filePooling }: ModelInfo): string {
  const overridden = filePooling !== null && filePooling !== 'none' && filePooling !== pooling;
  return overridden
    ? `; the file says ${filePooling}${filePooling === 'rank' ? ': this is a reranker' : ''}`
    : '';
}

function nativeContext({ nativeContext, nativeContextSource, fileContext }: ModelInfo): string {
  const other = fileContext === nativeContext ? '' : `; the file says ${count(fileContext)}`;
  return `${plural(nativeContext, 'token')} (from the ${nativeContextSource}${other})`;
}

function extended({ spec, nativeContext, tuned }: NonNullable<ModelInfo['extended']>): string {
  const how = `with ${spec} from a native context of ${plural(nativeContext, 'token')}`;
  if (tuned === null) return `by longembed extend, ${how}`;
  const { step, steps, batch, learningRate, pairs, pairsSha256, devScore } = tuned;
  const score = devScore === null ? '' : `; mean reciprocal rank on held-out pairs ${devScore.toFixed(4)}`;
  return (
    `by longembed tune, ${how}: step ${count(step)} of ${count(steps)}, batches of ${count(batch)} of ${plural(pairs, 'pair')} ` +
    `(SHA-256 ${pairsSha256.slice(0, 12)}…), learning rate ${learningRate}${score}`
  );
}

function positions({ positionEncoding, positionRows, ropeBase, ropeScale, shortInputs }: ModelInfo): string {
  const every =
    shortInputs === null
      ? ''
      : `; texts of up to ${shortInputs.upTo} tokens take every ${shortInputs.stride}th`;
  switch (positionEncoding) {
    case 'absolute':
      return `absolute position matrix of ${count(positionRows)} rows${every}`;
    case 'rope':
      return `rotary (RoPE), base ${count(ropeBase)}${ropeScale === 1 ? '' : `, scale ${ropeScale}`}`;
    case 'alibi':
      return 'bias by distance (ALiBi)';
    case 'relative':
      return 'relative biases (T5)';
    case 'none':
      return 'none';
  }
}

function attention({ causal, layers, slidingLayers, reach }: ModelInfo): string {
  const direction = causal ? 'causal: each token attends to earlier ones' : 'bidirectional';
  if (slidingLayers === 0) return direction;
  const window = causal ? `${plural(reach, 'token')} before` : `${plural(reach, 'token')} on either side`;
  return (
    `${direction}; ${slidingLayers} of ${layers} layers see ${window}, the others everything: ` +
    'strategies extend these'
  );
}

function prompt(text: string): string {
  return text === '' ? 'none' : JSON.stringify(text);
}

function specialTokens({ specialTokens: { prefix, suffix } }: ModelInfo): string {
  if (prefix.length + suffix.length === 0) return 'no special tokens';
  return `special tokens [${prefix.join(', ')}] … [${suffix.join(', ')}]`;
}

function runsOn({ gpuLayers, placement, threads, engine, engineReason }: ModelInfo): string {
  const where =
    gpuLayers > 0
      ? placement.map(({ device, layers }) => `${device}: ${plural(layers, 'layer')}`).join(', ')
      : `CPU, ${plural(threads, 'thread')}`;
  const graph =
    engine === 'graph'
      ? "longembed's own graph"
      : `llama.cpp's context${engineReason === null ? '' : `: ${engineReason}`}`;
  return `${where}; ${graph}`;
}

function deviceLine({ backend, kind, description, memoryTotal, memoryFree }: Device): string {
  const memory = memoryTotal > 0 ? `; ${formatBytes(memoryTotal)}, ${formatBytes(memoryFree)} free` : '';
  return `${backend} (${kind}): ${description}${memory}`;
}

function memorySection({ tokens, windows, peak, fits, devices }: MemoryEstimate): string[] {
  const passes = windows === 1 ? '' : ` in ${plural(windows, 'window')}`;
  return [
    `Memory for a document of ${plural(tokens, 'token')}${passes}`,
    table([
      [
        'peak',
        `up to ${formatBytes(peak)} for the process${fits ? '' : '; more than is available, embedding would fail'}`,
      ],
      ...devices.map((device) => [device.name, memoryLine(device)] as const),
    ]),
  ];
}

function memoryLine({ weights, activations, graphs, missing, available }: DeviceMemoryEstimate): string {
  const parts = `${formatBytes(weights)} weights, ${formatBytes(activations)} for all tokens, ${formatBytes(graphs)} of per-thread buffers`;
  return `${parts}; ${formatBytes(missing)} to allocate, ${formatBytes(available)} free`;
}
