/** Model files whose header or tensors are damaged: what the error names. */
import { u32, u64 } from '../mutation/pieces.js';
import { F16, inArray, number, refuses, tensor } from './model-files.js';

const F64 = 28;

refuses([
  [
    'a key twice',
    'bert',
    ({ metadata }) => void metadata.push(metadata[3]!),
    'the key "general.description" twice',
  ],
  ['too many keys', 'bert', ({ counts }) => void (counts.metadata = 2n ** 40n), 'has 1099511627776 keys'],
  [
    'too many tensors',
    'bert',
    ({ counts }) => void (counts.tensors = 2n ** 63n),
    'has 9223372036854775808 tensors',
  ],
  [
    'an array past the end',
    'bert',
    inArray('tokenizer.ggml.tokens', 4, u64(2n ** 62n)),
    '"tokenizer.ggml.tokens" says that it has',
  ],
  [
    'an array of arrays',
    'bert',
    inArray('tokenizer.ggml.tokens', 0, u32(9)),
    '"tokenizer.ggml.tokens" is of type 9',
  ],
  ['an alignment of 3', 'bert', number('general.alignment', 3), '"general.alignment" is no power of two'],
  ['another version', 'bert', (pieces) => void (pieces.version = 4), 'GGUF version 4'],
  ['a big-endian file', 'bert', (pieces) => void (pieces.version = 3 << 24), 'big-endian'],
  [
    'a tensor twice',
    'bert',
    ({ tensors }) => void tensors.push({ ...tensors[2]! }),
    'the tensor "position_embd.weight" twice',
  ],
  [
    'a shape of too many numbers',
    'bert',
    (pieces) => void (tensor(pieces, 'token_embd.weight').shape = [2n ** 40n, 2n ** 40n]),
    '"token_embd.weight" has a size of 1099511627776',
  ],
  [
    'a negative size',
    'bert',
    (pieces) => void (tensor(pieces, 'token_embd.weight').shape[1] = -1n),
    '"token_embd.weight" has a size of -1',
  ],
  [
    'no size at all',
    'bert',
    (pieces) => void (tensor(pieces, 'token_embd.weight').shape = []),
    '"token_embd.weight" has 0 dimensions',
  ],
  [
    'a tensor of no type',
    'bert',
    (pieces) => void (tensor(pieces, 'token_embd.weight').type = 4),
    '"token_embd.weight" is of type 4',
  ],
  [
    'half a block a row',
    'bert',
    (pieces) => void Object.assign(tensor(pieces, 'blk.0.attn_q.weight'), { type: 12 }),
    '"blk.0.attn_q.weight" has rows of 64 numbers',
  ],
  [
    'data elsewhere',
    'bert',
    (pieces) => void (tensor(pieces, 'blk.0.attn_q.weight').offset += 32n),
    'tensor "blk.0.attn_q.weight" begins at byte',
  ],
  [
    'doubles',
    'bert',
    (pieces) => void Object.assign(pieces.tensors.at(-1)!, { type: F64, shape: [32n] }),
    '"blk.3.layer_output_norm.bias" is of type f64',
  ],
  [
    'a shift in halves',
    'bert',
    (pieces) => void Object.assign(pieces.tensors.at(-1)!, { type: F16 }),
    '"blk.3.layer_output_norm.bias" is of type f16; gains, shifts and biases must be F32',
  ],
  ['no tensor', 'bert', ({ tensors }) => void tensors.pop(), 'no tensor "blk.3.layer_output_norm.bias"'],
  [
    'another tensor',
    'bert',
    (pieces) => void (tensor(pieces, 'blk.0.attn_q.bias').name = 'blk.0.attn_x.bias'),
    '"blk.0.attn_x.bias" is none that its architecture has',
  ],
  [
    'a matrix of another shape',
    'nomic-bert',
    (pieces) => void (tensor(pieces, 'blk.1.ffn_gate.weight').shape = [96n, 64n]),
    '"blk.1.ffn_gate.weight" is 96 × 64 numbers; by the file\'s own sizes it must be 64 × 96',
  ],
]);
