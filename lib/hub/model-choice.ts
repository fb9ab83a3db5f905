/** The models among a repository's files. */
import { formatBytes } from '../format.js';
import { modelFiles } from '../model-files.js';

export interface FileSize {
  readonly path: string;
  readonly sizeBytes: number;
}

/** The first part of the split model that a file belongs to; the file itself if it is not split. */
export function firstPart(path: string): string {
  return path.replace(/-\d{5}(-of-\d{5}\.gguf)$/, '-00001$1');
}

/** The models that GGUF files make up, the parts of a split one counted as one. */
export function modelsAmong(files: readonly FileSize[]): FileSize[] {
  const sizes = new Map<string, number>();
  for (const { path, sizeBytes } of files) {
    const first = firstPart(path);
    sizes.set(first, (sizes.get(first) ?? 0) + sizeBytes);
  }
  return [...sizes].map(([path, sizeBytes]) => ({ path, sizeBytes }));
}

/** Whether all parts are there. */
export function isComplete(model: string, files: readonly string[]): boolean {
  return modelFiles(model).every((part) => files.includes(part));
}

/** What most people want first: nearly the vectors of the original in half of F16's size. */
const PREFERRED = [/q8_0/i, /(?<!b)f(?:p)?16/i, /bf16/i, /f(?:p)?32/i];

/** Which of several models to suggest. */
export function suggested(models: readonly FileSize[]): FileSize | undefined {
  for (const pattern of PREFERRED) {
    const found = models.find(({ path }) => pattern.test(path));
    if (found !== undefined) return found;
  }
  return [...models].sort((a, b) => b.sizeBytes - a.sizeBytes)[0];
}

const MAX_LISTED = 40;

/** "a-q8_0.gguf (36.7 MB), a-f16.gguf (67.3 MB)" */
export function listed(models: readonly FileSize[]): string {
  const shown = models
    .slice(0, MAX_LISTED)
    .map(({ path, sizeBytes }) => `${path} (${formatBytes(sizeBytes)})`)
    .join(', ');
  const others = models.length - MAX_LISTED;
  return others > 0 ? `${shown} and ${others} more` : shown;
}
