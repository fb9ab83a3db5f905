/** The tasks on real documents (paper §3, Table 1). */
import { hubTaskData } from '../data/hub.js';
import { publishedTaskData } from '../data/layout.js';
import { LONGEMBED_COMMIT, type Task } from './task.js';

/** Questions about books and film scripts, the longest documents of the benchmark. */
export const narrativeqa = realTask({
  name: 'narrativeqa',
  title: 'NarrativeQA',
  mtebName: 'LEMBNarrativeQARetrieval',
  published: { revision: LONGEMBED_COMMIT, documents: 355, queries: 10_449 },
});

/** Summaries of meetings; each must find its transcript. */
export const qmsum = realTask({
  name: 'qmsum',
  title: 'QMSum',
  mtebName: 'LEMBQMSumRetrieval',
  published: { revision: LONGEMBED_COMMIT, documents: 197, queries: 1527 },
});

/** Summaries of television episodes; each must find its transcript. */
export const summScreenFd = realTask({
  name: 'summ_screen_fd',
  title: 'SummScreenFD',
  mtebName: 'LEMBSummScreenFDRetrieval',
  split: 'validation',
  published: { revision: LONGEMBED_COMMIT, documents: 336, queries: 336 },
});

/** Questions that need several steps, over concatenated Wikipedia articles. */
export const twoWikiMqa = realTask({
  name: '2wikimqa',
  title: '2WikiMQA',
  mtebName: 'LEMBWikimQARetrieval',
  published: { revision: LONGEMBED_COMMIT, documents: 300, queries: 300 },
});

/** A task that reads its documents from the given folder, or else from the Hugging Face hub. */
function realTask<Name extends string>(
  description: Pick<Task<Name>, 'name' | 'title' | 'mtebName' | 'published'> & { readonly split?: string },
): Task<Name> {
  const task: Task<Name> = {
    split: 'test',
    ...description,
    kind: 'real',
    mainMetric: 'ndcg_at_10',
    open: async (options) => {
      const published = await publishedTaskData(task, options);
      if (published !== null) return published;
      if (options.data !== null) {
        options.onMessage(
          `${options.data} does not have ${task.name}: it is taken from the Hugging Face hub.`,
        );
      }
      return hubTaskData(task, options);
    },
  };
  return task;
}
