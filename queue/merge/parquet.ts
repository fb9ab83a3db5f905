import { open } from 'node:fs/promises';
import type { AtomicFile } from '../../lib/atomic-file.js';
import { optionalPackages } from '../../lib/optional-packages.js';
import { PARQUET_SCHEMA, ParquetVectors, parquetWriterLibrary } from '../../lib/vector-file/parquet.js';
import { invalid } from '../shard.js';
import type { PartSource } from './part-source.js';

/**
 * Merges parquet files of vectors: their row groups are copied as they are, and described anew at the end, so that memory holds
 * what is known of the groups and a megabyte of vectors.
 */
export async function mergeParquet(target: AtomicFile, parts: readonly PartSource[]): Promise<void> {
  const library = await parquetWriterLibrary();
  const reader = await optionalPackages('Merging parquet files', ['hyparquet'], () => import('hyparquet'));
  let merged: ParquetVectors | null = null;
  for (const part of parts) {
    const file = await reader.asyncBufferFromFile(part.path);
    const metadata = await reader.parquetMetadataAsync(file).catch((error: unknown) => {
      throw invalid(`${part.path} is no whole parquet file: ${(error as Error).message}.`, error);
    });
    if (metadata.schema.length !== PARQUET_SCHEMA.length || Number(metadata.num_rows) !== part.rows) {
      throw invalid(
        `${part.path} is not the file that its manifest describes: do the part again with --force.`,
      );
    }
    const pairs = (metadata.key_value_metadata ?? []).map(({ key, value = '' }) => [key, value] as const);
    merged ??= new ParquetVectors(library, (bytes) => target.write(bytes), Object.fromEntries(pairs));
    await part.verify();
    const source = await open(part.path);
    try {
      for (const group of metadata.row_groups) {
        await merged.addGroup(group, async (from, bytes) => {
          const stream = source.createReadStream({ start: from, end: from + bytes - 1, autoClose: false });
          for await (const piece of stream) await target.write(piece as Buffer);
        });
      }
    } finally {
      await source.close();
    }
  }
  await merged?.finish();
}
