import { realTask } from './real-task.js';

/** Questions that take several steps, over joined Wikipedia articles (paper §3, table 1): 300 queries, 300 documents. */
export const twoWikiMqa = realTask({ name: '2wikimqa', title: '2WikiMQA', mtebName: 'LEMBWikimQARetrieval' });
