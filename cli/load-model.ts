import type { Context, Model } from './context.js';
import { locate } from './locate.js';
import { loadOptions, type ModelOptions } from './options.js';
import type { View } from './progress/views.js';

/** Loads the model of --model, with its progress and warnings in the view. */
export async function loadModel(
  options: ModelOptions & { readonly model: string },
  context: Context,
  view: View,
): Promise<Model> {
  const { signal } = context;
  const path = await locate(options.model, context, view);
  const onProgress = (fraction: number): void => view.loading(fraction);
  const onWarning = (message: string): void => view.message(`longembed: warning: ${message}`);
  const model = await context.loadModel(path, { ...loadOptions(options), signal, onProgress, onWarning });
  view.end();
  return model;
}
