import { hubTaskData } from '../data/hub/index.js';
import { publishedTaskData } from '../data/published.js';
import type { Task } from './task.js';

/** A task of real documents: its data are in the given folder, else on the Hugging Face hub. */
export function realTask(facts: Pick<Task, 'name' | 'title' | 'mtebName'>): Task {
  const task: Task = {
    ...facts,
    kind: 'real',
    mainMetric: 'ndcg_at_10',
    open: async (options) => {
      const published = await publishedTaskData(task, options);
      if (published !== null) return published;
      if (options.data !== null) {
        options.onMessage(`${options.data} does not have ${task.name}: it comes from the Hugging Face hub.`);
      }
      return hubTaskData(task, options);
    },
  };
  return task;
}
