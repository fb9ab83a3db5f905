import type { Device, DeviceMemoryEstimate, MemoryEstimate, ModelInfo } from '../lib/index.js';
import { count, formatBytes, plural } from '../lib/format.js';
import { STRATEGIES } from '../lib/extend/index.js';

/** What `longembed info` shows a person. */
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
      ['preset', info.preset ?? 'none: no known model'],
      ['native context', nativeContext(info)],
      ...(info.extended === null ? [] : [['extended', extended(info.extended)] as const]),
      ['positions', positions(info)],
      ['attention', info.causal ? 'causal: a token sees those before it' : 'bidirectional'],
      [
        'pooling',
        info.pooling === null
          ? 'unknown: embed needs --pooling'
          : `${info.pooling}${from(info.poolingSource)}`,
      ],
      ['query prompt', prompt(info.prompts.query)],
      ['document prompt', prompt(info.prompts.document)],
      ['vocabulary', `${info.tokenizer}, ${plural(info.vocabularySize, 'token')}; ${specialTokens(info)}`],
      ['runs on', runsOn(info)],
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

/** A line whose parts come from a file: nothing in it may steer a terminal. */
function printable(line: string): string {
  return line.replace(/\p{Cc}/gu, '\ufffd');
}

function parameters(number: number): string {
  return number >= 1e9 ? `${(number / 1e9).toFixed(1)} billion` : `${(number / 1e6).toFixed(1)} million`;
}

function heads({ heads, headsKv }: ModelInfo): string {
  return heads === headsKv
    ? plural(heads, 'head')
    : `${plural(heads, 'head')} (${headsKv} for keys and values)`;
}

function from(source: string | null): string {
  return source === null ? '' : ` (from the ${source})`;
}

function nativeContext({ nativeContext, nativeContextSource, fileContext }: ModelInfo): string {
  const other = fileContext === nativeContext ? '' : `; the file says ${count(fileContext)}`;
  return `${plural(nativeContext, 'token')} (from the ${nativeContextSource}${other})`;
}

function extended({ spec, nativeContext }: NonNullable<ModelInfo['extended']>): string {
  return `by longembed extend, with ${spec} from a native context of ${plural(nativeContext, 'token')}`;
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
        `${formatBytes(peak)} of the process at most${fits ? '' : '; there is not as much: embedding it would fail'}`,
      ],
      ...devices.map((device) => [device.name, memoryLine(device)] as const),
    ]),
  ];
}

function memoryLine({ weights, activations, graphs, missing, available }: DeviceMemoryEstimate): string {
  const parts = `${formatBytes(weights)} weights, ${formatBytes(activations)} kept for all tokens, ${formatBytes(graphs)} for those being computed`;
  return `${parts}; ${formatBytes(missing)} to allocate, ${formatBytes(available)} free`;
}
