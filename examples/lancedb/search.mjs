/**
 * Finds a clause in long documents: chunk vectors in an embedded LanceDB, words in its full-text index, and both rankings
 * fused by reciprocal rank. `npm install && npm start`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, Index, rerankers } from '@lancedb/lancedb';
import { EmbeddingModel } from 'longembed';
import { DOCUMENTS, QUESTION } from '../documents.mjs';

const folder = await mkdtemp(join(tmpdir(), 'longembed-lancedb-'));
const model = await EmbeddingModel.load(process.env.MODEL ?? 'mini-rope');
try {
  const rows = [];
  for (const [id, text] of Object.entries(DOCUMENTS)) {
    const { chunks } = await model.embedChunks(text, { chunks: 'sentences', as: 'document' });
    for (const { start, end, embedding } of chunks) {
      rows.push({ id, start, end, text: text.slice(start, end), vector: Array.from(embedding) });
    }
  }
  const database = await connect(folder);
  const table = await database.createTable('chunks', rows);
  await table.createIndex('text', { config: Index.fts() });
  const { embedding } = await model.embed(QUESTION, { as: 'query' });
  const hits = await table
    .query()
    .fullTextSearch(QUESTION)
    .nearestTo(Array.from(embedding))
    .distanceType('cosine')
    .rerank(await rerankers.RRFReranker.create())
    .limit(3)
    .toArray();
  for (const { id, start, end, text } of hits) console.log(`${id} ${start}-${end}: ${text.trim()}`);
} finally {
  await model.dispose();
  await rm(folder, { recursive: true });
}
