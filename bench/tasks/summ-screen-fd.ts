import { realTask } from './real-task.js';

/** Summaries of television episodes, each to find its transcript (paper §3, table 1): 336 queries, 336 documents. */
export const summScreenFd = realTask({
  name: 'summ_screen_fd',
  title: 'SummScreenFD',
  mtebName: 'LEMBSummScreenFDRetrieval',
});
