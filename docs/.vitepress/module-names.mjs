// A plugin of TypeDoc that names the modules as programs import them.

/** @type {Record<string, string>} */
const NAMES = {
  lib: 'longembed',
  server: 'longembed/server',
  'lib/adapters/ai-sdk': 'longembed/ai-sdk',
  'lib/adapters/langchain': 'longembed/langchain',
};

/** @param {any} app TypeDoc's application */
export function load(app) {
  app.converter.on('resolveBegin', (/** @type {any} */ { project }) => {
    for (const module of project.children ?? []) module.name = NAMES[module.name] ?? module.name;
  });
}
