/**
 * Finds a clause in long documents: chunk vectors in SQLite with sqlite-vec, words in its full-text index FTS5, and both rankings
 * fused by reciprocal rank. `npm install && npm start`, with Node 22.13 or newer, which has SQLite built in.
 */
import { DatabaseSync } from 'node:sqlite';
import { EmbeddingModel } from 'longembed';
import { load } from 'sqlite-vec';
import { DOCUMENTS, QUESTION } from '../documents.mjs';

/** Chunks of each ranking that are fused. */
const FUSED = 20;
/** Of reciprocal rank fusion: a rank counts 1 / (60 + rank). */
const RANK_OFFSET = 60;

/** A vector as sqlite-vec takes it. */
const bytes = (vector) => new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);

const model = await EmbeddingModel.load(process.env.MODEL ?? 'mini-rope');
// A file name instead of ":memory:" keeps the database.
const database = new DatabaseSync(':memory:', { allowExtension: true });
try {
  load(database);
  database.exec(`
    create table chunks(id integer primary key, document text, start integer, "end" integer, text text);
    create virtual table vectors using vec0(embedding float[${model.info.dimensions}] distance_metric=cosine);
    create virtual table words using fts5(text, content=chunks, content_rowid=id, tokenize='porter');
  `);
  const addChunk = database.prepare('insert into chunks(document, start, "end", text) values (?, ?, ?, ?)');
  const addVector = database.prepare('insert into vectors(rowid, embedding) values (?, ?)');
  const addWords = database.prepare('insert into words(rowid, text) values (?, ?)');
  for (const [document, text] of Object.entries(DOCUMENTS)) {
    const { chunks } = await model.embedChunks(text, { chunks: 'sentences', as: 'document' });
    database.exec('begin');
    for (const { start, end, embedding } of chunks) {
      const chunk = text.slice(start, end);
      const id = BigInt(addChunk.run(document, start, end, chunk).lastInsertRowid);
      addVector.run(id, bytes(embedding));
      addWords.run(id, chunk);
    }
    database.exec('commit');
  }

  const { embedding } = await model.embed(QUESTION, { as: 'query' });
  const byVector = database
    .prepare('select rowid as id from vectors where embedding match ? and k = ? order by distance')
    .all(bytes(embedding), FUSED);
  const byWords = database
    .prepare('select rowid as id from words where words match ? order by rank limit ?')
    .all((QUESTION.match(/\p{L}+/gu) ?? []).map((word) => `"${word}"`).join(' or '), FUSED);

  const scores = new Map();
  for (const ranking of [byVector, byWords]) {
    for (const [i, { id }] of ranking.entries()) {
      scores.set(id, (scores.get(id) ?? 0) + 1 / (RANK_OFFSET + i + 1));
    }
  }
  const best = [...scores].sort(([, a], [, b]) => b - a).slice(0, 3);
  const chunkOf = database.prepare('select document, start, "end", text from chunks where id = ?');
  for (const [id] of best) {
    const { document, start, end, text } = chunkOf.get(id);
    console.log(`${document} ${start}-${end}: ${text.trim()}`);
  }
} finally {
  database.close();
  await model.dispose();
}
