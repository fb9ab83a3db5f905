import { readdir } from 'node:fs/promises';
import { readFailure } from '../../lib/error.js';
import { plural } from '../../lib/format.js';
import { differences } from '../differences.js';
import { type Manifest, MAY_DIFFER, readManifest, wrongFile } from '../manifest.js';
import { invalid, partName, shardName, shardOfFile } from '../shard.js';

/** Shards that a message names before it only counts. */
const NAMED = 10;

/**
 * The parts of a folder, in order, when all are there and of one run.
 * @throws LongEmbedError ERR_INVALID_OPTION that says which parts are missing or differ, how, and what to do
 */
export async function checkParts(folder: string): Promise<Manifest[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw invalid(`Cannot read the folder ${folder}: ${readFailure(error)}.`, error);
  });
  const count = countOf(folder, names);
  const manifests: Manifest[] = [];
  const missing: number[] = [];
  for (let index = 0; index < count; index++) {
    const manifest = await readManifest(folder, { index, count });
    if (manifest === null) missing.push(index);
    else manifests.push(manifest);
  }
  if (missing.length > 0) throw missingParts(folder, names, missing, count);
  for (const manifest of manifests) {
    checkAgreement(folder, manifests[0] ?? manifest, manifest);
    const wrong = await wrongFile(folder, manifest);
    if (wrong !== null) {
      throw invalid(
        `${wrong}: copy it again, or do it again with longembed embed --shard ${shardName(manifest.shard)} --force.`,
      );
    }
  }
  return manifests;
}

/** How many parts there are to be, by the names of the files. */
function countOf(folder: string, names: readonly string[]): number {
  const counts = [...new Set(names.map((name) => shardOfFile(name)?.count ?? 0))].filter(
    (count) => count > 0,
  );
  const [count, ...others] = counts.sort((a, b) => a - b);
  if (count === undefined) {
    throw invalid(
      `The folder ${folder} holds no parts: longembed embed --shard i/n --output ${folder} makes them.`,
    );
  }
  if (others.length > 0) {
    throw invalid(
      `The folder ${folder} holds parts of runs with ${counts.join(' and ')} shards: remove those that do not belong to it.`,
    );
  }
  return count;
}

function missingParts(
  folder: string,
  names: readonly string[],
  missing: readonly number[],
  count: number,
): Error {
  const begun = missing.filter((index) => names.includes(`${partName({ index, count })}.journal`));
  const notes = begun.length === 0 ? '' : ` (begun and not finished: ${listed(begun)})`;
  const first = shardName({ index: missing[0] ?? 0, count });
  return invalid(
    `The folder ${folder} lacks ${plural(missing.length, 'part')} of ${count}: ${listed(missing)}${notes}. ` +
      `Make ${missing.length === 1 ? 'it' : 'them'} with longembed embed --shard ${missing.length === 1 ? first : `all/${count}`} --resume.`,
  );
}

function listed(indices: readonly number[]): string {
  const more = indices.length - NAMED;
  return `${indices.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function checkAgreement(folder: string, first: Manifest, one: Manifest): void {
  const names = [`in part ${first.shard.index}`, `in part ${one.shard.index}`] as const;
  const other = differences(first.run, one.run, names, MAY_DIFFER);
  if (other.length === 0) return;
  throw invalid(
    `The parts of ${folder} are not of one run: ${other.join('; ')}. Do the one that is wrong again, with ` +
      `longembed embed --shard ${shardName(one.shard)} --force or --shard ${shardName(first.shard)} --force.`,
  );
}
