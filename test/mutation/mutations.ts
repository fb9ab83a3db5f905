/** The ways in which a model file is made wrong. Each changes the pieces in place, or gives other bytes. */
import type { MetadataEntry } from '../../lib/gguf/format.js';
import { putArchitectureKey, putByLayer } from './architecture-keys.js';
import { EDGES, FLOATS } from './edges.js';
import { putTogether, takeApart, text, u32, u64, type Pieces } from './pieces.js';
import type { Random } from './random.js';

/** Tensors that only some architectures have. */
const ARCHITECTURE_TENSORS: readonly string[] = [
  'blk.0.ffn_gate_inp.weight',
  'blk.1.ffn_up_exps.weight',
  'blk.1.ffn_down_exps.weight',
  'blk.0.attn_q_norm.weight',
  'blk.0.attn_norm_2.weight',
  'blk.0.post_ffw_norm.weight',
  'enc.blk.0.attn_rel_b.weight',
  'dense_2.weight',
  'dense_3.weight',
  'token_types.weight',
  'position_embd.weight',
  'rope_freqs.weight',
];

type Change = (pieces: Pieces, random: Random) => void;

/** Changes of the header's tables. */
const CHANGES: Readonly<Record<string, Change>> = {
  'key removed': ({ metadata }, random) => void metadata.splice(random.below(metadata.length), 1),
  'key twice': ({ metadata }, random) => void metadata.push(random.pick(metadata)),
  'key renamed': (pieces, random) =>
    change(pieces, random, (entry) => ({ ...entry, key: misspelt(entry.key, random) })),
  'key of another architecture': putArchitectureKey,
  'key by layer': putByLayer,
  'key by layer, and one of another architecture': (pieces, random) => {
    putByLayer(pieces, random);
    putArchitectureKey(pieces, random);
  },
  'value at an edge': (pieces, random) => change(pieces, random, (entry) => atEdge(entry, random)),
  'value of another type': (pieces, random) =>
    change(pieces, random, (entry) => ofAnotherType(entry, random)),
  'array of another length': (pieces, random) =>
    changeArray(pieces, random, (entry) => withLength(entry, random.pick(EDGES))),
  'array shortened': (pieces, random) => changeArray(pieces, random, (entry) => shortened(entry, random)),
  'array element': (pieces, random) => changeArray(pieces, random, (entry) => withNoise(entry, random, 12)),
  'token repeated': (pieces, random) =>
    changeTokens(pieces, (tokens) => void (tokens[random.below(tokens.length)] = random.pick(tokens))),
  'token emptied': (pieces, random) =>
    changeTokens(pieces, (tokens) => void (tokens[random.below(tokens.length)] = Buffer.alloc(0))),
  'token not UTF-8': (pieces, random) =>
    changeTokens(
      pieces,
      (tokens) => void (tokens[random.below(tokens.length)] = Buffer.from([0xff, 0xc0, random.below(256)])),
    ),
  'tokens removed': (pieces, random) =>
    changeTokens(pieces, (tokens) => void tokens.splice(random.below(tokens.length))),
  'tensor removed': ({ tensors }, random) => void tensors.splice(random.below(tensors.length), 1),
  'tensor twice': ({ tensors }, random) => void tensors.push({ ...random.pick(tensors) }),
  'tensor renamed': ({ tensors }, random) => {
    const tensor = random.pick(tensors);
    tensor.name = random.below(2) === 0 ? misspelt(tensor.name, random) : random.pick(tensors).name;
  },
  'tensor renamed as in another architecture': ({ tensors }, random) =>
    void (random.pick(tensors).name = random.pick(ARCHITECTURE_TENSORS)),
  'tensor names swapped': ({ tensors }, random) => {
    const [a, b] = [random.pick(tensors), random.pick(tensors)];
    [a.name, b.name] = [b.name, a.name];
  },
  'tensor of another shape': ({ tensors }, random) => {
    const { shape } = random.pick(tensors);
    shape[random.below(shape.length)] = random.pick(EDGES);
  },
  'tensor shape permuted': ({ tensors }, random) => void random.pick(tensors).shape.reverse(),
  'tensor of more dimensions': ({ tensors }, random) =>
    void random.pick(tensors).shape.push(random.pick(EDGES)),
  'tensor of fewer dimensions': ({ tensors }, random) => void random.pick(tensors).shape.pop(),
  'tensor of another type': ({ tensors }, random) => void (random.pick(tensors).type = random.below(44)),
  'tensor elsewhere': ({ tensors }, random) => void (random.pick(tensors).offset = random.pick(EDGES)),
  'all tensors of another type': ({ tensors }, random) => {
    const type = random.below(44);
    for (const tensor of tensors) tensor.type = type;
  },
  'count of tensors': ({ counts }, random) => void (counts.tensors = random.pick(EDGES)),
  'count of keys': ({ counts }, random) => void (counts.metadata = random.pick(EDGES)),
  version: (pieces, random) => void (pieces.version = random.pick([0, 1, 2, 4, 3 << 24, 0xffffffff])),
  'weights made noise': (pieces, random) => {
    const data = Buffer.from(pieces.data);
    const [from, length] = [random.below(data.length), 1 + random.below(4096)];
    for (let i = from; i < Math.min(data.length, from + length); i += 1) data[i] = random.below(256);
    pieces.data = data;
  },
  'weights made infinite': (pieces, random) => {
    const data = Buffer.from(pieces.data);
    data.fill(random.pick([0x00, 0x7f, 0xff]), random.below(data.length));
    pieces.data = data;
  },
};

/** Changes of the bytes, whatever they mean. */
const DAMAGES: Readonly<Record<string, (file: Buffer, random: Random, headerSize: number) => Uint8Array>> = {
  'bits flipped': (file, random) => {
    for (let i = 1 + random.below(8); i > 0; i -= 1) flip(file, random.below(file.length), random);
    return file;
  },
  'bits flipped in the header': (file, random, header) => {
    for (let i = 1 + random.below(8); i > 0; i -= 1) flip(file, random.below(header), random);
    return file;
  },
  'number written into the header': (file, random, header) => {
    file.writeBigUInt64LE(random.pick(EDGES), random.below(header - 8));
    return file;
  },
  'cut off': (file, random) => file.subarray(0, random.below(file.length)),
  'cut off in the header': (file, random, header) => file.subarray(0, random.below(header)),
  enlarged: (file, random) => Buffer.concat([file, Buffer.alloc(random.below(1 << 16), random.below(256))]),
  'bytes removed': (file, random) => {
    const at = random.below(file.length);
    return Buffer.concat([file.subarray(0, at), file.subarray(at + 1 + random.below(64))]);
  },
  'bytes zeroed': (file, random) => file.fill(0, random.below(file.length), random.below(file.length)),
};

export const MUTATIONS: readonly string[] = [...Object.keys(CHANGES), ...Object.keys(DAMAGES)];

/** A broken copy of a model file, and what was done to it. */
export function mutate(file: Uint8Array, random: Random): { bytes: Uint8Array; mutation: string } {
  const mutation = random.pick(MUTATIONS);
  const change = CHANGES[mutation];
  if (change !== undefined) {
    const pieces = takeApart(file);
    change(pieces, random);
    return { bytes: putTogether(pieces), mutation };
  }
  const damage = DAMAGES[mutation];
  if (damage === undefined) throw new Error(`no mutation ${mutation}`);
  return { bytes: damage(Buffer.from(file), random, headerSize(file)), mutation };
}

function change({ metadata }: Pieces, random: Random, to: (entry: MetadataEntry) => MetadataEntry): void {
  const index = random.below(metadata.length);
  const entry = metadata[index];
  if (entry !== undefined) metadata[index] = to(entry);
}

function changeArray(pieces: Pieces, random: Random, to: (entry: MetadataEntry) => MetadataEntry): void {
  const arrays = pieces.metadata.filter(({ type }) => type === 'array');
  const chosen = random.pick(arrays);
  pieces.metadata[pieces.metadata.indexOf(chosen)] = to(chosen);
}

const TOKENS = 'tokenizer.ggml.tokens';

function changeTokens(pieces: Pieces, edit: (tokens: Buffer[]) => void): void {
  const index = pieces.metadata.findIndex(({ key }) => key === TOKENS);
  const entry = pieces.metadata[index];
  if (entry === undefined) throw new Error('the model has no tokens');
  const bytes = Buffer.from(entry.bytes);
  const tokens: Buffer[] = [];
  for (let at = 12; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    tokens.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  edit(tokens);
  const body = tokens.flatMap((token) => [u64(BigInt(token.length)), token]);
  pieces.metadata[index] = {
    key: TOKENS,
    type: 'array',
    bytes: Buffer.concat([bytes.subarray(0, 4), u64(BigInt(tokens.length)), ...body]),
  };
}

/** A scalar with a number at an edge in its bytes; a text or an array with its length at one. */
function atEdge(entry: MetadataEntry, random: Random): MetadataEntry {
  const bytes = Buffer.from(entry.bytes);
  if (entry.type === 'f32') bytes.writeFloatLE(random.pick(FLOATS));
  else if (entry.type === 'array') return withLength(entry, random.pick(EDGES));
  else if (entry.type === 'string' && random.below(2) === 0) {
    return {
      ...entry,
      bytes: text(random.pick(['', 'bert', 'llama', 'gpt2', 't5', 'x'.repeat(5000), '\0', '%s%n'])),
    };
  } else Buffer.from(u64(random.pick(EDGES))).copy(bytes, 0, 0, bytes.length);
  return { ...entry, bytes };
}

function ofAnotherType(entry: MetadataEntry, random: Random): MetadataEntry {
  return random.pick([
    { ...entry, type: 'u32' as const, bytes: u32(random.bits()) },
    { ...entry, type: 'string' as const, bytes: text('text') },
    { ...entry, type: 'u64' as const, bytes: u64(random.pick(EDGES)) },
    { ...entry, type: 'bool' as const, bytes: Buffer.from([random.below(256)]) },
    { ...entry, type: 'array' as const, bytes: Buffer.concat([u32(4), u64(2n), u32(1), u32(2)]) },
    { ...entry, type: 'array' as const, bytes: Buffer.concat([u32(8), u64(1n), text('text')]) },
    { ...entry, type: 'array' as const, bytes: Buffer.concat([u32(9), u64(1n), u32(4), u64(0n)]) },
  ]);
}

function withLength(entry: MetadataEntry, length: bigint): MetadataEntry {
  const bytes = Buffer.from(entry.bytes);
  bytes.writeBigUInt64LE(length, 4);
  return { ...entry, bytes };
}

/** An array of numbers with fewer of them than there are tokens. */
function shortened(entry: MetadataEntry, random: Random): MetadataEntry {
  const bytes = Buffer.from(entry.bytes);
  const size = { 4: 4, 5: 4, 6: 4 }[bytes.readUInt32LE(0)];
  if (size === undefined) return withNoise(entry, random, 0);
  const count = random.below(Number(bytes.readBigUInt64LE(4)));
  bytes.writeBigUInt64LE(BigInt(count), 4);
  return { ...entry, bytes: bytes.subarray(0, 12 + count * size) };
}

function withNoise(entry: MetadataEntry, random: Random, from: number): MetadataEntry {
  const bytes = Buffer.from(entry.bytes);
  if (bytes.length > from) flip(bytes, from + random.below(bytes.length - from), random);
  return { ...entry, bytes };
}

function misspelt(name: string, random: Random): string {
  const at = random.below(name.length + 1);
  return random.pick([`${name.slice(0, at)}x${name.slice(at)}`, name.slice(0, at), '', name.repeat(30)]);
}

function flip(bytes: Buffer, at: number, random: Random): void {
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
}

function headerSize(file: Uint8Array): number {
  return file.length - takeApart(file).data.length;
}
