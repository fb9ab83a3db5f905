import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Report the fields of vitest's JSON report in use
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ status: string, assertionResults: unknown[] }[]} testResults
 */

/**
 * Summarizes a test run in one line. A file that could not be loaded is one failed test, and so is a run without
 * a report.
 * @param {string} file vitest's JSON report
 * @returns {{ line: string, failed: boolean }}
 */
export function summary(file) {
  const report = readReport(file);
  const passed = report?.numPassedTests ?? 0;
  const broken = report?.testResults.filter(
    (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
  );
  const failed = report === null ? 1 : report.numFailedTests + (broken?.length ?? 0);
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return { line, failed: failed > 0 };
}

/**
 * @param {string} file
 * @returns {Report | null}
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
