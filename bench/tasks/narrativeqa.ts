import { realTask } from './real-task.js';

/** Questions about books and film scripts, the longest documents of the benchmark (paper §3, table 1): 10,449 queries, 355 documents. */
export const narrativeqa = realTask({
  name: 'narrativeqa',
  title: 'NarrativeQA',
  mtebName: 'LEMBNarrativeQARetrieval',
});
