import type { DownloadProgress } from '../lib/index.js';
import { formatBytes } from '../lib/format.js';
import { locateModel, type LocateOptions } from '../lib/locate-model.js';
import type { Context } from './context.js';
import type { View } from './progress/views.js';

/** The file of a model as the command line takes it: one named hf: is downloaded first, with its progress in the view. */
export async function locate(given: string, { signal }: Context, view: View): Promise<string> {
  const path = await locateModel(given, locateOptions(signal, view));
  view.end();
  return path;
}

/** The same for what locates models itself. */
export function locateOptions(signal: AbortSignal, view: View): LocateOptions {
  return {
    signal,
    onDownload: downloadsOn(view),
    onWarning: (message) => view.message(`longembed: warning: ${message}`),
  };
}

function downloadsOn(view: View): (progress: DownloadProgress) => void {
  const announced = new Set<string>();
  return ({ file, state, bytesDone, bytesTotal }) => {
    if (state === 'waiting') {
      view.summary(`longembed: another process is downloading ${file}: waiting for it`);
      return;
    }
    if (!announced.has(file)) view.summary(`longembed: downloading ${file} (${formatBytes(bytesTotal)})`);
    announced.add(file);
    const fraction = bytesTotal === 0 ? 1 : bytesDone / bytesTotal;
    view.loading(fraction, `${state === 'checking' ? 'checking' : 'downloading'} ${file}`);
  };
}
