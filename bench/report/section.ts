import type { Html } from './html.js';

/** A part of the page, with a heading and a line in the list of contents. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}
