import { createRequire } from 'node:module';
import { LongEmbedError } from '../error.js';
import { findBinary, unloadableBinary } from './binary.js';
import type { NativeAddon } from './types.js';

const MIN_NODE = 20;

let loaded: NativeAddon | undefined;

/**
 * The C++ addon, loaded on first use.
 * @throws LongEmbedError ERR_BACKEND when there is no binary, or it does not load on this machine
 */
export function addon(): NativeAddon {
  return (loaded ??= load());
}

function load(): NativeAddon {
  checkNode(process.versions.node);
  const binary = findBinary();
  try {
    return createRequire(import.meta.url)(binary.file) as NativeAddon;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongEmbedError('ERR_BACKEND', unloadableBinary(binary, reason), { cause: error });
  }
}

/** @throws LongEmbedError ERR_BACKEND for a Node that lacks what the library uses */
export function checkNode(version: string): void {
  if (Number.parseInt(version) >= MIN_NODE) return;
  throw new LongEmbedError(
    'ERR_BACKEND',
    `longembed needs Node ${MIN_NODE} or newer; this is Node ${version}.`,
  );
}
