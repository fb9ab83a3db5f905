/** The engine process for `isolate: true`: the addon with one model, which serves its parent's requests. */
import { addon } from '../addon.js';
import type { Request } from './messages.js';
import { ModelServer } from './server.js';

// A terminal or service manager sends these to the parent's children too. The parent decides whether the work is finished.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

/** Without a parent there is nothing to do. Not `process.exit`, which would wait for the batch that is being computed. */
function endNow(): void {
  process.kill(process.pid, 'SIGKILL');
}

const server = new ModelServer(addon, {
  send: (answer) => process.send?.(answer, undefined, undefined, () => undefined),
  end: () => process.exit(),
});
process.on('disconnect', endNow);
process.on('message', (message) => server.receive(message as Request));
// The parent may have gone before anyone listened.
if (!process.connected) endNow();
