/** The pages of the site and their order. */

/** What lies in the repository and is no page, as globs. */
export const OUTSIDE = [
  'README.md',
  'build*/**',
  'coverage/**',
  'dist/**',
  'vendor/**',
  'native/**',
  'scripts/**',
  'examples/*/**',
  'cli/**',
  'models/{train,random}/**',
  'test/!(oracle)/**',
  'test/*.md',
];

const PAGE =
  /^(docs\/[\w-]+|docs\/api\/.*|models\/[\w-]+|examples\/README|test\/oracle\/README|CHANGELOG|SECURITY)\.md$/;

/** @param {string} path from the repository's root */
export const isPage = (path) => PAGE.test(path.replaceAll('\\', '/'));

/**
 * The anchor of a heading as GitHub makes it, so that one link is right there and here.
 * @param {string} heading
 */
export function githubSlug(heading) {
  return heading
    .toLowerCase()
    .trim()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

/** @param {string} text @param {string} name a page of docs/ */
const page = (text, name) => ({ text, link: `/docs/${name}` });

/** By task; llms.txt has the same order. */
export const SIDEBAR = [
  {
    text: 'Tasks',
    items: [
      page('Embed a contract', 'contract'),
      page('Choose a model and a strategy', 'choose'),
      page('Late chunking', 'chunks'),
      page('Search', 'search'),
      page('Retrieval over contracts', 'rag'),
      page('Server', 'server'),
      page('AI SDK', 'ai-sdk'),
      page('LangChain.js', 'langchain'),
      page('n8n', 'n8n'),
      page('Service of the system', 'systemd'),
      page('Evaluate', 'benchmark'),
      page('Tune', 'tune'),
      page('Scale', 'scale'),
      page('GPU', 'gpu'),
      page('Troubleshooting by error code', 'troubleshooting'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('API', 'api/'),
      page('Command line', 'command-line'),
      page('Strategies', 'strategies'),
      page('Models', 'models'),
      { text: 'Models that ship', link: '/models/README' },
      page('Extended model files', 'extend-file'),
      page('Isolation', 'isolation'),
      page('Packages and bundlers', 'packaging'),
      page('Building', 'building'),
      { text: 'Changes', link: '/CHANGELOG' },
      { text: 'Security', link: '/SECURITY' },
    ],
  },
  {
    text: 'Inside',
    items: [
      page('Working on longembed', 'development'),
      page('The engine', 'engine'),
      page('Performance', 'performance'),
      page('Robustness', 'robustness'),
      { text: 'The oracle', link: '/test/oracle/README' },
    ],
  },
];
