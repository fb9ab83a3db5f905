/** Model files that are wrong in one place each. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { MetadataEntry, ValueType } from '../../lib/gguf/format.js';
import { EmbeddingModel } from '../../lib/index.js';
import { errorOf } from '../isolate/errors.js';
import { modelPath, type SpecName } from '../../models/random/cached.js';
import { i32Array, type Pieces, putTogether, takeApart, text, u32, u64 } from '../mutation/pieces.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-file-'));
export const path = join(folder, 'model.gguf');
export const F16 = 1;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A change to a model file. */
export type Break = (pieces: Pieces) => void;

/** Writes a model's file with a change to `path`, and gives that. */
export function broken(model: SpecName, change: Break): string {
  const pieces = takeApart(readFileSync(modelPath(model)));
  change(pieces);
  writeFileSync(path, putTogether(pieces));
  return path;
}

export function f32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

export const entry = ({ metadata }: Pieces, key: string): MetadataEntry =>
  metadata.find((one) => one.key === key)!;
export const tensor = ({ tensors }: Pieces, name: string) => tensors.find((one) => one.name === name)!;

export const put =
  (key: string, type: ValueType, bytes: Uint8Array): Break =>
  ({ metadata }) => {
    const index = metadata.findIndex((one) => one.key === key);
    metadata.splice(index < 0 ? metadata.length : index, 1, { key, type, bytes });
  };
export const number = (key: string, value: number): Break => put(key, 'u32', u32(value));
export const byLayer = (key: string, ...numbers: number[]): Break => put(key, 'array', i32Array(numbers));
export const real = (key: string, value: number): Break => put(key, 'f32', f32(value));
export const without =
  (key: string): Break =>
  (pieces) =>
    void (pieces.metadata = pieces.metadata.filter((one) => one.key !== key));

/** Writes a number over an array's bytes. */
export const inArray =
  (key: string, at: number, bytes: Uint8Array): Break =>
  (pieces) => {
    const changed = Buffer.from(entry(pieces, key).bytes);
    changed.set(bytes, at);
    put(key, 'array', changed)(pieces);
  };

/** Where an array's elements begin, after their type and count. */
export const ELEMENTS = 12;

export const tokens = (...all: string[]): Uint8Array =>
  Buffer.concat([u32(8), u64(BigInt(all.length)), ...all.map(text)]);

/** What is wrong, the model, how its file is changed, and what the error names. */
export type Case = [string, SpecName, Break, string];

/** Tests that loading each of them is an error. */
export function refuses(cases: readonly Case[]): void {
  describe('a model file with', () => {
    it.each(cases)('%s is refused', async (_what, model, change, named) => {
      const { code, message } = await errorOf(EmbeddingModel.load(broken(model, change), { threads: 1 }));
      expect(message).toContain(named);
      expect(message).toContain(`"${path}" is not a usable model file: `);
      expect(code).toBe('ERR_MODEL_INVALID');
    });
  });
}
