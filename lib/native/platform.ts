/** The platform packages: `@longembed/<target>`, each with the binaries for one platform. */
import { closeSync, openSync, readSync } from 'node:fs';

/** Targets that packages are published for: scripts/lib/targets.mjs builds them. */
const TARGETS: readonly string[] = [
  'linux-x64',
  'linux-arm64',
  'linuxmusl-x64',
  'linuxmusl-arm64',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64',
  'win32-arm64',
];

/** Packages with a GPU backend, which users add themselves, before the one that every installation has. */
const VARIANTS = ['-cuda', '-vulkan', ''] as const;

/**
 * The packages that may hold the binary for this process, best first.
 * @returns empty where none is published for the platform
 */
export function platformPackages(): string[] {
  const target = thisTarget();
  return TARGETS.includes(target) ? VARIANTS.map((variant) => `@longembed/${target}${variant}`) : [];
}

/** This process's platform, as platform packages are named: `linux-x64`, `linuxmusl-arm64`, `win32-x64` … */
export function thisTarget(): string {
  const libc = process.platform === 'linux' && usesMusl(process.execPath) ? 'musl' : '';
  return `${process.platform}${libc}-${process.arch}`;
}

const ELF_HEADER_BYTES = 64;
const PT_INTERP = 3;
/** A path. */
const MAX_LOADER_BYTES = 4096;

/**
 * Whether a program of this machine runs on musl: its file names the loader of its C library, anywhere in the file.
 * @param program a 64-bit ELF file
 */
export function usesMusl(program: string): boolean {
  let file: number | undefined;
  try {
    file = openSync(program, 'r');
    const header = readPart(file, 0, ELF_HEADER_BYTES);
    if (!header.toString('latin1').startsWith('\x7fELF')) return false;
    const [table, size, count] = [
      Number(header.readBigUInt64LE(32)),
      header.readUInt16LE(54),
      header.readUInt16LE(56),
    ];
    const entries = readPart(file, table, size * count);
    for (let entry = 0; entry < entries.length; entry += size) {
      if (entries.readUInt32LE(entry) !== PT_INTERP) continue;
      const offset = Number(entries.readBigUInt64LE(entry + 8));
      const bytes = Number(entries.readBigUInt64LE(entry + 32));
      return readPart(file, offset, Math.min(bytes, MAX_LOADER_BYTES)).includes('ld-musl-');
    }
  } catch {
    // not readable, or not such a file: glibc is the likelier one
  } finally {
    if (file !== undefined) closeSync(file);
  }
  return false;
}

function readPart(file: number, offset: number, bytes: number): Buffer {
  const part = Buffer.alloc(bytes);
  return part.subarray(0, readSync(file, part, 0, bytes, offset));
}
