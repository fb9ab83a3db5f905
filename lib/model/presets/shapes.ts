import type { Shape } from './preset.js';

/** BERT's uncased English vocabulary; converters pad its 30,522 tokens to 30,528 at most. */
const ENGLISH = [30522, 30528] as const;
/** XLM-RoBERTa's vocabulary, in some checkpoints padded to 250,037 or 250,048. */
const XLM = [250002, 250048] as const;

const bert = (layers: number, dimensions: number): Shape => ({
  architecture: 'bert',
  layers,
  dimensions,
  vocabulary: ENGLISH,
  positionRows: [512, 512],
});

/** BERT's sizes with the English vocabulary. */
export const BERT = {
  l6: bert(6, 384),
  small: bert(12, 384),
  base: bert(12, 768),
  large: bert(24, 1024),
} as const;

/** The same with XLM-RoBERTa's vocabulary; converters cut the two rows that its positions skip. */
export const XLM_BERT = {
  small: { ...BERT.small, vocabulary: XLM, positionRows: [512, 514] },
  base: { ...BERT.base, vocabulary: XLM, positionRows: [512, 514] },
  large: { ...BERT.large, vocabulary: XLM, positionRows: [512, 514] },
} as const satisfies Record<string, Shape>;

const roped = (architecture: string): Shape => ({
  architecture,
  layers: 12,
  dimensions: 768,
  vocabulary: ENGLISH,
});

/** BERT with RoPE, which llama.cpp runs under the name of the first model that had it. */
export const ROPE_BERT_BASE = roped('jina-bert-v3');

export const NOMIC_BERT_BASE = roped('nomic-bert');

/** BERT with ALiBi. The German, Chinese, Spanish and code models have vocabularies of 61,056 tokens. */
export const ALIBI_BERT = {
  small: { architecture: 'jina-bert-v2', layers: 4, dimensions: 512, vocabulary: ENGLISH },
  base: { architecture: 'jina-bert-v2', layers: 12, dimensions: 768, vocabulary: [30522, 61056] },
} as const satisfies Record<string, Shape>;

export const MISTRAL_7B: Shape = {
  architecture: 'llama',
  layers: 32,
  dimensions: 4096,
  vocabulary: [32000, 32064],
};

/** Qwen's vocabulary; the weights may have rows without a token behind its 151,646 to 151,669. */
export const qwen = (architecture: 'qwen2' | 'qwen3', layers: number, dimensions: number): Shape => ({
  architecture,
  layers,
  dimensions,
  vocabulary: [151646, 152064],
});

const modernBert = (layers: number, dimensions: number): Shape => ({
  architecture: 'modern-bert',
  layers,
  dimensions,
  vocabulary: [50280, 50368],
});

/** The two sizes of ModernBERT, and that of IBM's small Granite model. */
export const MODERN_BERT = {
  small: modernBert(12, 384),
  base: modernBert(22, 768),
  large: modernBert(28, 1024),
} as const;

export const EMBEDDING_GEMMA: Shape = {
  architecture: 'gemma-embedding',
  layers: 24,
  dimensions: 768,
  vocabulary: [262144, 262144],
};

const t5 = (layers: number, dimensions: number): Shape => ({
  architecture: 't5encoder',
  layers,
  dimensions,
  vocabulary: [32100, 32128],
});

/** The encoder of T5, whose dense layer behind the pooling has the same dimensions in base, but 768 in all sizes. */
export const T5_BASE = t5(12, 768);
export const T5_LARGE = t5(24, 1024);

/** Nomic BERT with experts, and XLM-RoBERTa's vocabulary. */
export const NOMIC_BERT_MOE: Shape = {
  architecture: 'nomic-bert-moe',
  layers: 12,
  dimensions: 768,
  vocabulary: XLM,
};

/** A shape with a longer position matrix. */
export function withRows(shape: Shape, rows: number): Shape {
  return { ...shape, positionRows: [rows, rows] };
}
