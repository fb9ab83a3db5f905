/** What a Node warning is about. */
export type WarningCode = 'LONGEMBED_EXTEND' | 'LONGEMBED_MODEL' | 'LONGEMBED_HUB' | 'LONGEMBED_SERVER';

/** Warns where the caller gave no `onWarning`: `process.on('warning')` receives it, `node --no-warnings` silences it. */
export function emitWarning(message: string, code: WarningCode): void {
  process.emitWarning(message, { type: 'LongEmbedWarning', code });
}
