/**
 * The names and revisions under which mteb 2.26.24 implements the known models, by preset: where the results of a variant of them go.
 * Read from `mteb.get_model_metas()`. A revision of null: the model is on the hub, and mteb does not implement it.
 */
export const MTEB_MODELS: Readonly<
  Record<string, { readonly name: string; readonly revision: string | null }>
> = {
  'e5-small': { name: 'intfloat/e5-small', revision: 'e272f3049e853b47cb5ca3952268c6662abda68f' },
  'e5-small-v2': { name: 'intfloat/e5-small-v2', revision: 'dca8b1a9dae0d4575df2bf423a5edb485a431236' },
  'e5-base': { name: 'intfloat/e5-base', revision: 'b533fe4636f4a2507c08ddab40644d20b0006d6a' },
  'e5-base-v2': { name: 'intfloat/e5-base-v2', revision: '1c644c92ad3ba1efdad3f1451a637716616a20e8' },
  'e5-large': { name: 'intfloat/e5-large', revision: '4dc6d853a804b9c8886ede6dda8a073b7dc08a81' },
  'e5-large-v2': { name: 'intfloat/e5-large-v2', revision: 'b322e09026e4ea05f42beadf4d661fb4e101d311' },
  'multilingual-e5-small': {
    name: 'intfloat/multilingual-e5-small',
    revision: 'fd1525a9fd15316a2d503bf26ab031a61d056e98',
  },
  'multilingual-e5-base': {
    name: 'intfloat/multilingual-e5-base',
    revision: 'd13f1b27baf31030b7fd040960d60d909913633f',
  },
  'multilingual-e5-large': {
    name: 'intfloat/multilingual-e5-large',
    revision: 'ab10c1a7f42e74530fe7ae5be82e6d4f11a719eb',
  },
  'multilingual-e5-large-instruct': {
    name: 'intfloat/multilingual-e5-large-instruct',
    revision: 'baa7be480a7de1539afce709c8f13f833a510e0a',
  },
  'e5rope-base': { name: 'dwzhu/e5rope-base', revision: null },
  'e5-base-4k': { name: 'dwzhu/e5-base-4k', revision: '1b5664b8cb2bccd8c309429b7bfe5864402e8fbc' },
  'e5-mistral-7b-instruct': {
    name: 'intfloat/e5-mistral-7b-instruct',
    revision: '07163b72af1488142a360786df853f237b1a3ca1',
  },
  'sfr-embedding-mistral': {
    name: 'Salesforce/SFR-Embedding-Mistral',
    revision: '938c560d1c236aa563b2dbdf084f28ab28bccb11',
  },
  'gte-small': { name: 'thenlper/gte-small', revision: '17e1f347d17fe144873b1201da91788898c639cd' },
  'gte-base': { name: 'thenlper/gte-base', revision: 'c078288308d8dee004ab72c6191778064285ec0c' },
  'gte-large': { name: 'thenlper/gte-large', revision: '4bef63f39fcc5e2d6b0aae83089f307af4970164' },
  'bge-small-en-v1.5': {
    name: 'BAAI/bge-small-en-v1.5',
    revision: '5c38ec7c405ec4b44b94cc5a9bb96e735b38267a',
  },
  'bge-base-en-v1.5': { name: 'BAAI/bge-base-en-v1.5', revision: 'a5beb1e3e68b9ab74eb54cfd186867f64f240e1a' },
  'bge-large-en-v1.5': {
    name: 'BAAI/bge-large-en-v1.5',
    revision: 'd4aa6901d3a41ba39fb536a557fa166f842b0e09',
  },
  'bge-m3': { name: 'BAAI/bge-m3', revision: '5617a9f61b028005a4858fdac845db406aefb181' },
  'snowflake-arctic-embed-l-v2.0': {
    name: 'Snowflake/snowflake-arctic-embed-l-v2.0',
    revision: 'edc2df7b6c25794b340229ca082e7c78782e6374',
  },
  'mxbai-embed-large-v1': {
    name: 'mixedbread-ai/mxbai-embed-large-v1',
    revision: '990580e27d329c7408b3741ecff85876e128e203',
  },
  contriever: { name: 'facebook/contriever', revision: null },
  'contriever-msmarco': {
    name: 'facebook/contriever-msmarco',
    revision: 'abe8c1493371369031bcb1e02acb754cf4e162fa',
  },
  'all-minilm-l6-v2': {
    name: 'sentence-transformers/all-MiniLM-L6-v2',
    revision: '8b3219a92973c328a8e22fadcfa821b5dc75636a',
  },
  'all-minilm-l12-v2': {
    name: 'sentence-transformers/all-MiniLM-L12-v2',
    revision: '364dd28d28dcd3359b537f3cf1f5348ba679da62',
  },
  'jina-embeddings-v2-base-en': {
    name: 'jinaai/jina-embeddings-v2-base-en',
    revision: '6e85f575bc273f1fd840a658067d0157933c83f0',
  },
  'jina-embeddings-v2-small-en': {
    name: 'jinaai/jina-embeddings-v2-small-en',
    revision: '44e7d1d6caec8c883c2d4b207588504d519788d0',
  },
  'nomic-embed-text-v1': {
    name: 'nomic-ai/nomic-embed-text-v1',
    revision: '0759316f275aa0cb93a5b830973843ca66babcf5',
  },
  'nomic-embed-text-v1.5': {
    name: 'nomic-ai/nomic-embed-text-v1.5',
    revision: 'b0753ae76394dd36bcfb912a46018088bca48be0',
  },
  'nomic-embed-text-v2-moe': {
    name: 'nomic-ai/nomic-embed-text-v2-moe',
    revision: '1066b6599d099fbb93dfcb64f9c37a7c9e503e85',
  },
  'modernbert-embed-base': {
    name: 'nomic-ai/modernbert-embed-base',
    revision: '5960f1566fb7cb1adf1eb6e816639cf4646d9b12',
  },
  'modernbert-embed-large': { name: 'lightonai/modernbert-embed-large', revision: null },
  'gte-modernbert-base': {
    name: 'Alibaba-NLP/gte-modernbert-base',
    revision: '7ca8b4ca700621b67618669f5378fe5f5820b8e4',
  },
  'granite-embedding-english-r2': {
    name: 'ibm-granite/granite-embedding-english-r2',
    revision: '6e7b8ce0e76270394ac4669ba4bbd7133b60b7f9',
  },
  'granite-embedding-small-english-r2': {
    name: 'ibm-granite/granite-embedding-small-english-r2',
    revision: '54a8d2616a0844355a5164432d3f6dafb37b17a3',
  },
  'qwen3-embedding-0.6b': {
    name: 'Qwen/Qwen3-Embedding-0.6B',
    revision: 'b22da495047858cce924d27d76261e96be6febc0',
  },
  'qwen3-embedding-4b': {
    name: 'Qwen/Qwen3-Embedding-4B',
    revision: '636cd9bf47d976946cdbb2b0c3ca0cb2f8eea5ff',
  },
  'qwen3-embedding-8b': {
    name: 'Qwen/Qwen3-Embedding-8B',
    revision: '4e423935c619ae4df87b646a3ce949610c66241c',
  },
  'gte-qwen2-1.5b-instruct': {
    name: 'Alibaba-NLP/gte-Qwen2-1.5B-instruct',
    revision: 'c6c1b92f4a3e1b92b326ad29dd3c8433457df8dd',
  },
  'gte-qwen2-7b-instruct': {
    name: 'Alibaba-NLP/gte-Qwen2-7B-instruct',
    revision: 'e26182b2122f4435e8b3ebecbf363990f409b45b',
  },
  'embeddinggemma-300m': {
    name: 'google/embeddinggemma-300m',
    revision: '64614b0b8b64f0c6c1e52b07e4e9a4e8fe4d2da2',
  },
  'gtr-t5-base': {
    name: 'sentence-transformers/gtr-t5-base',
    revision: '7027e9594267928589816394bdd295273ddc0739',
  },
  'gtr-t5-large': {
    name: 'sentence-transformers/gtr-t5-large',
    revision: 'a2c8ac47f998531948d4cbe32a0b577a7037a5e3',
  },
  'sentence-t5-base': {
    name: 'sentence-transformers/sentence-t5-base',
    revision: '50c53e206f8b01c9621484a3c0aafce4e55efebf',
  },
  'sentence-t5-large': {
    name: 'sentence-transformers/sentence-t5-large',
    revision: '1fc08ea477205aa54a3e5b13f0971ae16b86410a',
  },
};

/** mteb's BM25, whose settings ours are. */
export const MTEB_LEXICAL = { name: 'mteb/baseline-bm25s', revision: '0_3_0' } as const;
