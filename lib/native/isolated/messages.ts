/**
 * The messages between the library and the engine process. They are structured clones: a typed array is sent as its bytes,
 * and the receiver has its own copy.
 */
import type { ErrorCode } from '../../error.js';
import type { NativeBatch, NativeFacts, NativeLoadOptions, NativeMemory } from '../types.js';

/** The `id` of loading, which comes first; calls count from there. */
export const LOAD = 0;

export interface LoadRequest {
  kind: 'load';
  path: string;
  options: NativeLoadOptions;
  /** Whether progress is to be reported. */
  progress: boolean;
}

/** A call on the model. Every answer to it has its `id`. */
export type CallRequest =
  | { kind: 'tokenize'; id: number; text: string }
  | { kind: 'embed'; id: number; batch: NativeBatch; progress: boolean; express: boolean }
  | { kind: 'memory'; id: number; batch: NativeBatch };

/** The result of a call. */
export type Value = Int32Array | Float32Array | NativeMemory;

export type Request = LoadRequest | CallRequest | { kind: 'cancel'; id: number } | { kind: 'dispose' };

export interface Loaded {
  kind: 'loaded';
  facts: NativeFacts;
}

export type Answer =
  | Loaded
  /** A call arrived a while ago. Texts are tokenized at once, batches in the order in which they were sent, in each lane. */
  | { kind: 'began'; id: number }
  | { kind: 'progress'; id: number; fraction: number }
  | { kind: 'done'; id: number; value: Value }
  | { kind: 'failed'; id: number; code: ErrorCode; message: string };
