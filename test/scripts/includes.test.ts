/** The includes of native/: they must follow one direction, and no header may lead back to itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const native = fileURLToPath(new URL('../../native/', import.meta.url));
const files = readdirSync(native, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => /\.(h|cpp)$/.test(file));

/** What each folder of native/core may include beside itself. */
const ALLOWED: Record<string, string[]> = {
  kernels: [],
  tokenize: ['pretokenize'],
  pretokenize: [],
  ops: ['kernels'],
  devices: ['llama'],
  llama: ['devices'],
  model_file: ['architectures', 'llama'],
  architectures: ['ops', 'kernels', 'model_file'],
  attention: ['architectures', 'graph', 'ops', 'kernels'],
  search: ['graph', 'kernels'],
  graph: ['architectures', 'attention', 'devices', 'kernels', 'llama', 'ops'],
  tune: ['architectures', 'graph', 'kernels', 'ops'],
};

/** Headers in core's root that its folders share; the others use the folders. */
const SHARED = ['batch.h', 'control.h', 'engine.h', 'error.h', 'facts.h', 'right_of_way.h', 'units.h'];

/** The file in native/ that an include names; undefined for headers of llama.cpp and of the system. */
function resolve(file: string, included: string): string | undefined {
  const candidates = [posix.join(posix.dirname(file), included), posix.join('core', included)];
  return candidates.find((candidate) => files.includes(candidate));
}

/** Whether `file` may include `included`. */
function isAllowed(file: string, included: string): boolean {
  if (!file.startsWith('core/')) return true;
  if (included === 'napi.h' || included === 'node_api.h') return false;
  const target = resolve(file, included);
  if (target === undefined) return true;
  if (!target.startsWith('core/')) return false;
  const [, from = '', ...inFolder] = file.split('/');
  if (inFolder.length === 0) return true; // core's root
  const [, to = '', ...rest] = target.split('/');
  if (rest.length === 0) return from !== 'kernels' && SHARED.includes(to);
  return from === to || (ALLOWED[from] ?? []).includes(to);
}

function includesOf(file: string): string[] {
  const text = readFileSync(native + file, 'utf8');
  return [...text.matchAll(/^#include ["<](.+)[">]/gm)].map(([, included]) => included!);
}

it('has rules for every folder of native/core', () => {
  const folders = files.flatMap((file) => /^core\/(\w+)\//.exec(file)?.[1] ?? []);
  expect(Object.keys(ALLOWED).sort()).toEqual([...new Set(folders)].sort());
});

it('finds no include against the direction', () => {
  const broken = files.flatMap((file) =>
    includesOf(file)
      .filter((included) => !isAllowed(file, included))
      .map((included) => `${file} includes ${included}`),
  );
  expect(broken).toEqual([]);
});

it('finds no circle of includes', () => {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' > '));
    if (path.includes(file) || done.has(file)) return;
    for (const included of includesOf(file)) {
      const target = resolve(file, included);
      if (target !== undefined) visit(target, [...path, file]);
    }
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

it.each([
  ['core/model.cpp', 'napi.h'],
  ['core/model.cpp', '../addon/job.h'],
  ['core/kernels/gemm_body.h', 'error.h'],
  ['core/kernels/gemm_body.h', 'graph/thread_team.h'],
  ['core/ops/gemm_op.cpp', 'graph/graph_engine.h'],
  ['core/devices/memory.cpp', 'model.h'],
])('refuses that %s includes %s', (file, included) => {
  expect(isAllowed(file, included)).toBe(false);
});

it.each([
  ['core/model.cpp', 'graph/graph_engine.h'],
  ['core/ops/gemm_op.cpp', 'kernels/cpu_kernels.h'],
  ['core/devices/memory.cpp', 'error.h'],
  ['core/kernels/gemm_body.h', 'simd.h'],
  ['addon/convert.cpp', 'model.h'],
  ['core/model.cpp', 'llama.h'],
])('allows that %s includes %s', (file, included) => {
  expect(isAllowed(file, included)).toBe(true);
});
