import { realTask } from './real-task.js';

/** Summaries of meetings, each to find its transcript (paper §3, table 1): 1,527 queries, 197 documents. */
export const qmsum = realTask({ name: 'qmsum', title: 'QMSum', mtebName: 'LEMBQMSumRetrieval' });
