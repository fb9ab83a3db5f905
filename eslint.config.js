import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The direction of imports: a folder may import those after it in this list, never those before it. What builds, tests,
 * draws and trains (TOOLS) stands outside: the product imports none of it.
 */
const DIRECTION = ['cli', 'server', 'queue', 'bench', 'lib'];
const TOOLS = ['models', 'docs', 'scripts', 'test'];
const ARROWS = `Imports point one way, ${DIRECTION.join(' → ')}`;

/** @param {string} target @param {string[]} from @param {string} message */
const zone = (target, from, message) => ({
  target: `./${target}`,
  from: from.map((one) => `./${one}`),
  message,
});

const zones = [
  ...DIRECTION.slice(1).map((folder, index) =>
    zone(folder, DIRECTION.slice(0, index + 1), `${ARROWS}: not from ${folder} back up.`),
  ),
  ...['cli', 'server', 'queue', 'lib', 'bench/!(speed)'].map((folder) =>
    zone(folder, TOOLS, `${folder} is part of the product, which imports no tools.`),
  ),
  // the speed benchmark times random models, so it may import models/
  zone(
    'bench/speed',
    ['docs', 'scripts', 'test'],
    'Only tests import tests, and only scripts import scripts.',
  ),
  zone('scripts', ['test', 'docs'], 'Only tests import tests.'),
  zone('{models,docs}', ['test'], 'Only tests import tests.'),
  // every path to the addon goes through its typed edge
  zone('lib/!(native)/**', ['native', 'build'], 'Only lib/native touches the addon.'),
];

export default defineConfig(
  globalIgnores([
    'examples',
    'dist/',
    'build*/',
    'prebuilds/',
    'vendor/',
    'coverage/',
    '.cache/',
    'docs/api/',
    'docs/.vitepress/{dist,cache}/',
  ]),
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts', '.js'] } })],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      'import-x/no-cycle': 'error',
    },
  },
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
    },
  },
  {
    // what a server answers has no type: its tests say what they expect
    files: ['test/server/**'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // plain scripts say their types in comments, and what JSON.parse or require gives has none
    files: ['**/*.mjs', '**/*.js'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['scripts/**', 'test/**', 'bench/**', 'models/**', 'docs/**'],
    rules: { 'no-console': 'off' },
  },
  {
    // a test that indexes what it has just checked says so with `!`
    files: ['test/**'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
