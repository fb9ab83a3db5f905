import { LongEmbedError } from '../error.js';
import { f32Entry, type MetadataEntry, stringEntry, u32Entry } from '../gguf/index.js';
import type { Changes, Extension } from './content.js';
import type { Metadata } from './file-facts.js';

/**
 * The RoPE keys that express the plan: a different base (ntk), or divided positions (pi).
 * @throws LongEmbedError ERR_STRATEGY_UNSUPPORTED when the file's own RoPE keys leave no room for it
 */
export function rotaryChanges({ metadata, resolved, plan }: Extension): Changes {
  refuseSlidingWindow(metadata);
  const { s: divisor } = resolved.parameters;
  return {
    metadata: [
      ...(plan.ropeBase === 0 ? [] : [f32Entry(`${metadata.architecture}.rope.freq_base`, plan.ropeBase)]),
      ...(divisor === undefined ? [] : scalingEntries(metadata, Number(divisor))),
      ...originalContext(metadata),
    ],
    tensors: [],
  };
}

/** Sliding-window layers have RoPE keys of their own; only some architectures derive them from the main ones. */
function refuseSlidingWindow(metadata: Metadata): void {
  if ((metadata.number('.attention.sliding_window') ?? 0) === 0) return;
  throw unsupported(
    'This model has layers with sliding-window attention, and whether a changed RoPE key affects those depends on the ' +
      'architecture.',
  );
}

/** The file's existing position scaling; a missing type means linear (llama.cpp). */
function scalingOf(metadata: Metadata): string {
  return metadata.text('.rope.scaling.type') ?? 'linear';
}

function scalingEntries(metadata: Metadata, s: number): MetadataEntry[] {
  const scaling = scalingOf(metadata);
  if (scaling !== 'linear' && scaling !== 'none') {
    throw unsupported(
      `This model already scales its RoPE by ${scaling}, and GGUF cannot hold a second scaling.`,
    );
  }
  const before = scaling === 'none' ? 1 : linearFactor(metadata);
  const { architecture } = metadata;
  return [
    stringEntry(`${architecture}.rope.scaling.type`, 'linear'),
    f32Entry(`${architecture}.rope.scaling.factor`, s * before),
  ];
}

/** 0 means none; `scale_linear` is the key's old name. */
function linearFactor(metadata: Metadata): number {
  const factor = metadata.number('.rope.scaling.factor') ?? metadata.number('.rope.scale_linear') ?? 0;
  return factor === 0 ? 1 : factor;
}

/** YaRN and LongRoPE depend on the original context, which is the context length unless the file says otherwise. */
function originalContext(metadata: Metadata): MetadataEntry[] {
  const scaling = scalingOf(metadata);
  const context = metadata.number('.context_length');
  const said = metadata.of('.rope.scaling.original_context_length') !== undefined;
  if (scaling === 'linear' || scaling === 'none' || said || context === undefined) return [];
  return [u32Entry(`${metadata.architecture}.rope.scaling.original_context_length`, context)];
}

function unsupported(why: string): LongEmbedError {
  return new LongEmbedError(
    'ERR_STRATEGY_UNSUPPORTED',
    `${why} Give the strategy to longembed embed instead.`,
  );
}
