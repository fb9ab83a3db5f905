import type { Extend, ExtendFacts, ResolvedExtend } from '../extend/index.js';
import type { Preset } from '../model/presets/index.js';

/** What to know of an extended file: where its vectors are not those of longembed's own strategy. */
export function notesOn(
  given: Extend,
  resolved: ResolvedExtend,
  facts: ExtendFacts,
  spec: string,
  preset: Preset | null,
): string[] {
  const { method, target } = resolved;
  const Lo = facts.nativeContext;
  const notes: string[] = [];
  const shortDiffer = method === 'pi' || method === 'gp';
  if (shortDiffer) {
    notes.push(
      `Texts of up to ${Lo} tokens, the native context, come out differently from longembed's own ${method}, which leaves them ` +
        'unchanged: in the file they have the positions of long ones.',
    );
  }
  if (given.method === 'gp' && given.s === undefined) {
    notes.push(
      `longembed's own gp takes s from each text's length, ⌈n / ${Lo}⌉; in the file it is ${resolved.s ?? resolved.scale} for all.`,
    );
  }
  if (given.attentionScale === undefined && target > Lo) {
    notes.push(
      'Attention scaling, which longembed does by default past the native context, is not in the file: GGUF has no place for it.',
    );
  }
  if (preset?.shortInputs !== undefined) {
    const { upTo, stride } = preset.shortInputs;
    notes.push(
      `longembed gives texts of up to ${upTo} tokens every ${stride}th position of ${preset.name}; with the file no program does.`,
    );
  }
  notes.push(
    `The vectors are those of longembed's ${spec} on the original` +
      `${shortDiffer ? `, for texts of ${Lo + 1} to ${target} tokens` : ''}. ` +
      'Pooling, prompts and special tokens are as they were.',
  );
  return notes;
}
