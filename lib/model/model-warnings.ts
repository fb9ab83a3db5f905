import type { NativeFacts } from '../native/index.js';
import type { ModelSettings } from './configure.js';
import type { LoadOptions } from './types.js';

/** What a reranker is, for messages about a file whose pooling is "rank". */
export const RERANKER =
  'This is a reranker (the file says pooling rank): it scores a query together with a text and gives no embeddings';

/** What is allowed about a model but makes its vectors suspect: a sentence each. */
export function modelWarnings(facts: NativeFacts, settings: ModelSettings, options: LoadOptions): string[] {
  const warnings: string[] = [];
  if (facts.pooling === 'rank' && settings.pooling !== null) {
    warnings.push(`${RERANKER}. With pooling ${settings.pooling} its vectors mean little.`);
  }
  if (settings.poolingSource === 'preset' && contradicts(facts.pooling, settings.pooling)) {
    warnings.push(
      `The file says pooling ${facts.pooling}, but ${settings.preset} was trained with ${settings.pooling}, which is used. If the file is ` +
        `another model, load it with preset: false (--preset none); pooling: '${facts.pooling}' (--pooling ${facts.pooling}) takes the file's.`,
    );
  }
  if (
    settings.pooling === 'last' &&
    settings.specialTokens.suffix.length === 0 &&
    options.specialTokens?.eos !== false
  ) {
    warnings.push(
      'The model pools the last token, but its file adds no end token: most such models were trained with one and give other ' +
        'vectors without it. specialTokens: { eos: true } (--special-tokens bos,eos) adds it, { eos: false } says that there is none.',
    );
  }
  for (const [name, tokens] of [
    ['bos', facts.prefixTokens],
    ['eos', facts.suffixTokens],
  ] as const) {
    const added = facts.metadata[`tokenizer.ggml.add_${name}_token`] === 'true';
    if (added && tokens.length === 0 && options.specialTokens?.[name] === undefined) {
      warnings.push(
        `The file says that texts have the ${name.toUpperCase()} token (add_${name}_token), but names no such token, so none is added. Convert ` +
          `the model again, or load it with specialTokens: { ${name}: false } if it was trained without one.`,
      );
    }
  }
  if (
    facts.tokenizer === 'bpe' &&
    options.tokenizer === undefined &&
    facts.metadata['tokenizer.ggml.pre'] === undefined
  ) {
    warnings.push(
      "The file's BPE vocabulary does not say how text is split before it is tokenized (the key tokenizer.ggml.pre), so token ids may " +
        "differ from the model's own. Convert the model again, or give its tokenizer.json with the option tokenizer (--tokenizer).",
    );
  }
  if (settings.bidirectional && facts.causal) {
    warnings.push(
      `${settings.preset} attends in both directions, but its file does not say so (the key attention.causal), and its tokens would ` +
        'see only those before them: the vectors are not those of the model. Convert it again with a current llama.cpp.',
    );
  }
  return warnings;
}

/** Whether a file names another pooling: many files name none. */
function contradicts(file: NativeFacts['pooling'], used: ModelSettings['pooling']): boolean {
  return (file === 'mean' || file === 'cls' || file === 'last') && file !== used;
}
