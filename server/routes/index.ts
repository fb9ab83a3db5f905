import type { Flavour } from '../http/answer.js';
import { contextualizedEmbeddings } from './contextualized-embeddings.js';
import { embeddings } from './embeddings.js';
import { models, oneModel } from './models.js';
import { ollamaEmbed } from './ollama-embed.js';
import { ollamaEmbeddings } from './ollama-embeddings.js';
import { ollamaShow, ollamaTags, ollamaVersion } from './ollama-models.js';
import { openApi } from './openapi.js';
import { pooling } from './pooling.js';
import type { Route } from './route.js';
import { health, live, metrics, ready, teiInfo } from './state.js';
import { teiEmbed, teiRoot } from './tei-embed.js';
import { tokenize } from './tokenize.js';

/** Every endpoint of the server. */
export const ROUTES: readonly Route[] = [
  embeddings,
  contextualizedEmbeddings,
  models,
  oneModel,
  pooling,
  tokenize,
  teiEmbed,
  teiRoot,
  teiInfo,
  ollamaEmbed,
  ollamaEmbeddings,
  ollamaTags,
  ollamaShow,
  ollamaVersion,
  health,
  ready,
  live,
  metrics,
  openApi(() => ROUTES),
];

/** Whose errors a path has where no route answers: a client of an API reads only that API's. */
export function flavourOf(path: string): Flavour {
  const known = ROUTES.find((route) => route.path === path)?.flavour;
  return known ?? (path.startsWith('/api/') ? 'ollama' : 'openai');
}
