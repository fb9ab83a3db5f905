import { describe, expect, it } from 'vitest';
import { TASK_NAMES, taskOf, TASKS } from '../../../bench/tasks/index.js';

describe('tasks', () => {
  it("are the paper's six in its order", () => {
    expect(TASKS.map(({ name }) => name)).toEqual([...TASK_NAMES]);
    expect(TASKS.map(({ mtebName }) => mtebName)).toEqual([
      'LEMBPasskeyRetrieval',
      'LEMBNeedleRetrieval',
      'LEMBNarrativeQARetrieval',
      'LEMBQMSumRetrieval',
      'LEMBSummScreenFDRetrieval',
      'LEMBWikimQARetrieval',
    ]);
  });

  it('score the synthetic ones by accuracy and the real ones by nDCG', () => {
    for (const { kind, mainMetric } of TASKS) {
      expect(mainMetric).toBe(kind === 'synthetic' ? 'accuracy_at_1' : 'ndcg_at_10');
    }
    expect(TASKS.filter(({ kind }) => kind === 'synthetic').map(({ title }) => title)).toEqual([
      'Passkey',
      'Needle',
    ]);
  });

  it('are found by name', () => {
    for (const task of TASKS) expect(taskOf(task.name)).toBe(task);
  });

  it.each(['passkeys', '', 'QMSum'])('there is none called %j', (name) => {
    expect(() => taskOf(name)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_OPTION',
        message: `Unknown task ${JSON.stringify(name)}: use passkey, needle, narrativeqa, qmsum, summ_screen_fd, 2wikimqa.`,
      }),
    );
  });
});
