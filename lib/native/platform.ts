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

/** Far more than the program headers of any ELF file, which follow its header, and the loader's name after them. */
const HEADER_BYTES = 4096;
const PT_INTERP = 3;

/**
 * Whether a program of this machine runs on musl: its file names the loader of its C library.
 * @param program a 64-bit ELF file
 */
export function usesMusl(program: string): boolean {
  try {
    const head = readStart(program, HEADER_BYTES);
    const [table, size, count] = [
      Number(head.readBigUInt64LE(32)),
      head.readUInt16LE(54),
      head.readUInt16LE(56),
    ];
    for (let entry = table; entry < table + count * size; entry += size) {
      if (head.readUInt32LE(entry) !== PT_INTERP) continue;
      const offset = Number(head.readBigUInt64LE(entry + 8));
      const bytes = Number(head.readBigUInt64LE(entry + 32));
      return head.toString('latin1', offset, offset + bytes).includes('ld-musl-');
    }
  } catch {
    // not readable, or not such a file: glibc is the likelier one
  }
  return false;
}

function readStart(file: string, bytes: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const start = Buffer.alloc(bytes);
    return start.subarray(0, readSync(descriptor, start, 0, bytes, 0));
  } finally {
    closeSync(descriptor);
  }
}
