import { contextualizedEmbeddings } from './contextualized-embeddings.js';
import { embeddings } from './embeddings.js';
import { models, oneModel } from './models.js';
import { ollamaEmbed } from './ollama-embed.js';
import { openApi } from './openapi.js';
import { pooling } from './pooling.js';
import type { Route } from './route.js';
import { health, live, metrics, ready, teiInfo } from './state.js';
import { teiEmbed } from './tei-embed.js';
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
  teiInfo,
  ollamaEmbed,
  health,
  ready,
  live,
  metrics,
  openApi(() => ROUTES),
];
