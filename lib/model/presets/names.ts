/** Endings of a file's name that do not make it another model: its quantization, the format, a GGUF repository's. */
const ENDINGS = /-(gguf|ggml|f16|f32|fp16|fp32|bf16|i?q\d(-[a-z0-9]+)*)$/;

/**
 * A model's name in one spelling: "intfloat/E5 Base v2", "e5_base-v2-GGUF" and "E5-Base-V2.Q8_0" are all "e5-base-v2".
 * A leading owner goes, dots become dashes.
 */
export function canonicalName(name: string): string {
  let slug = name
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .replace(/^.*\//, '')
    .replace(/[\s_.-]+/g, '-');
  while (ENDINGS.test(slug)) slug = slug.replace(ENDINGS, '');
  return slug;
}

/** Owners of the models with presets, as some files put them before the name ("intfloat_e5-base-v2"). */
const OWNERS = [
  'intfloat',
  'dwzhu',
  'thenlper',
  'baai',
  'facebook',
  'sentence-transformers',
  'jinaai',
  'nomic-ai',
  'mixedbread-ai',
  'snowflake',
  'alibaba-nlp',
  'qwen',
  'google',
  'ibm-granite',
  'lightonai',
  'salesforce',
];

/** Keys whose value is an address or repository that ends in the model's name. */
const ADDRESS_KEYS = [
  'general.source.huggingface.repository',
  'general.source.repo_url',
  'general.source.url',
  'general.repo_url',
  'general.url',
];

/**
 * The names that a file's metadata gives its model, the most reliable first: its origin, its name, and the
 * parts into which llama.cpp's converter splits a name. A `base_model` is not a name: a fine-tuned model has one too.
 */
export function namesOf(metadata: Readonly<Record<string, string>>): string[] {
  const part = (key: string): string => metadata[`general.${key}`] ?? '';
  const [base, size, tune, version] = [
    part('basename'),
    part('size_label'),
    part('finetune'),
    part('version'),
  ];
  const orders = [
    [base, size, tune, version],
    [base, size, version, tune],
    [base, version, size, tune],
    [base, tune, size, version],
    // A size label may also be counted from the tensors (109M), and is then not part of a name.
    [base, tune, version],
    [base, version, tune],
  ];
  const given = [
    ...ADDRESS_KEYS.map((key) => metadata[key] ?? ''),
    part('name'),
    ...(base === '' ? [] : orders.map((order) => order.filter((piece) => piece !== '').join('-'))),
  ];
  const names = given.filter((name) => name !== '').map((name) => canonicalName(name));
  return [...new Set(names.flatMap((name) => [name, withoutOwner(name)]))];
}

function withoutOwner(name: string): string {
  const owner = OWNERS.find((known) => name.startsWith(`${known}-`));
  return owner === undefined ? name : name.slice(owner.length + 1);
}
